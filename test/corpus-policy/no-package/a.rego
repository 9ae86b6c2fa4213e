deny contains "no owner" if not input.runbook.owner
