package slipway.owner

deny contains "late" if time.now_ns() > 5
