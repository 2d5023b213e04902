"""`headgate agent`: tails log files by an agent.json and delivers every line."""
