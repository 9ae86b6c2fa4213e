package slipway.accounts_test

import data.slipway.accounts

plan(settings) := {"steps": [{"path": "p/s", "uses": "ssh.user", "with": settings}]}

test_plain_account if count(accounts.deny) == 0 with input as plan({"name": "deploy", "groups": ["adm"], "authorizedKeys": ["ssh-ed25519 AAAA x"]})

test_all_rights if {
	some finding in accounts.deny with input as plan({"name": "deploy", "groups": ["adm", "sudo"]})
	finding.enforcement == "soft"
	contains(finding.msg, "group sudo")
}

test_primary_group if count(accounts.deny) == 1 with input as plan({"name": "deploy", "group": "root"})

test_root_login if {
	count(accounts.deny) == 2 with input as plan({"name": "root", "group": "root", "authorizedKeys": ["ssh-ed25519 AAAA x"]})
	count(accounts.deny) == 0 with input as plan({"name": "root", "shell": "/bin/sh"})
}

test_other_kinds if count(accounts.deny) == 0 with input as {"steps": [{"path": "p/s", "uses": "ssh.run", "with": {"cmd": "true", "groups": ["root"]}}]}
