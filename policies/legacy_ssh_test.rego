package slipway.legacy_ssh_test

import data.slipway.legacy_ssh

host(name, legacy, jump) := {"name": name, "legacy": legacy, "jump": jump}

plan(production, hosts) := {
	"hosts": hosts,
	"steps": [
		{"path": "p/s", "uses": "ssh.run", "production": production, "hosts": {"names": ["a"]}},
		{"path": "p/other", "uses": "pause", "production": production},
	],
}

sha1 := ["diffie-hellman-group14-sha1"]

test_modern if {
	modern := plan(true, [host("a", [], []), host("b", sha1, [])])
	count(legacy_ssh.deny) == 0 with input as modern
	count(legacy_ssh.warn) == 0 with input as modern
}

test_production if {
	some finding in legacy_ssh.deny with input as plan(true, [host("a", sha1, [])])
	finding.enforcement == "soft"
	finding.at == "p/s"
	contains(finding.msg, "diffie-hellman-group14-sha1")
}

test_elsewhere if {
	lab := plan(false, [host("a", sha1, [])])
	count(legacy_ssh.deny) == 0 with input as lab
	count(legacy_ssh.warn) == 1 with input as lab
}

test_jump_host if {
	some finding in legacy_ssh.deny with input as plan(true, [host("a", [], ["b"]), host("b", sha1, [])])
	contains(finding.msg, "goes to b")
}

test_plans_of_before if count(legacy_ssh.deny) == 0 with input as plan(true, [{"name": "a", "jump": []}])
