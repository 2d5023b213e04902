"""The one client of `POST /v1`, of the agent and the sender. It is in agent.pyz: standard library only."""
