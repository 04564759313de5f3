"""The plain face: one question at a time; also the accessible one."""
