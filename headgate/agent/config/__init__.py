"""Reading agent.json: its JSON dialect, its value conversion, its keys, and what is wrong with them. Pure."""
