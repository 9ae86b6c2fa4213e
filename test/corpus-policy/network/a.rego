package slipway.tickets

deny contains "there is no ticket" if {
	answer := http.send({"method": "get", "url": "https://tickets.example.com/api"})
	answer.status_code != 200
}
