import cProfile, pstats, time
from tests.harness import World, DEPLOYMENT
def test_it(tmp_path, monkeypatch):
    w = World(tmp_path, monkeypatch)
    t=time.process_time()
    w.planned()
    print("cpu plan", time.process_time()-t, len(w.wire.requests))
    for a in (["apply"],["apply"],["cutover", "--wave", "pilot", "--confirm", DEPLOYMENT],["rollback", "--wave", "pilot", "--confirm", DEPLOYMENT]):
        t=time.process_time(); n=len(w.wire.requests)
        print(w.on_plan(*a))
        print("cpu", a, time.process_time()-t, len(w.wire.requests)-n)
    assert 0
