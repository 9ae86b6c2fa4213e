package slipway.names

import data.slipway.limits

deny contains "no owner" if not input.runbook.owner
