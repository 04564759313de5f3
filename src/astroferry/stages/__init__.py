"""The wizard, in order: STAGES is the first thing to read."""

from __future__ import annotations

from astroferry.stages.decisions import ExecutionStage, SecretsStage, VersionStage
from astroferry.stages.ends import InventoryStage, Prerequisites, SourceStage
from astroferry.stages.layout import ValuesStage, WavesStage, WorkspacesStage
from astroferry.stages.places import ClusterStage, NetworkingStage
from astroferry.stages.stage import Carrying, Deciding

DECIDING: tuple[Deciding, ...] = (
    Prerequisites(),
    SourceStage(),
    InventoryStage(),
    VersionStage(),
    ExecutionStage(),
    ClusterStage(),
    NetworkingStage(),
    WorkspacesStage(),
    SecretsStage(),
    ValuesStage(),
    WavesStage(),
)
CARRYING: tuple[Carrying, ...] = (
    Carrying("prepare", "Prepare", "Phase 3: Set up"),
    Carrying("configuration", "Configuration", "Phase 4: Migrate configuration", gate=("prepare",)),
    Carrying("dags", "DAGs", "Phase 5: Migrate DAGs", gate=("prepare", "configuration")),
    Carrying("test", "Test", "Phase 5: Test", gate=("dags",)),
    Carrying("cutover", "Cutover", "Phase 6: Cutover", gate=("test",), confirms=True),
    Carrying("watch", "Watch", "Phase 6: Monitor the first full cycle", gate=("cutover",)),
    Carrying("decommission", "Decommission", "Phase 6: Decommission", gate=("watch",), confirms=True),
)
STAGES: tuple[Deciding | Carrying, ...] = (*DECIDING, *CARRYING)
