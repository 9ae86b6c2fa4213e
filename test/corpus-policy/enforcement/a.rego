package slipway.owner

deny contains {"msg": "no owner", "enforcement": "advisory"} if not input.runbook.owner
