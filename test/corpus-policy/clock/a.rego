package slipway.friday

deny contains "not on a Friday" if time.weekday(time.now_ns()) == "Friday"
