package slipway.owner

deny contains {"message": "no owner", "at": "runbook"} if not input.runbook.owner

warn contains 42 if input.rehearsal
