package slipway.blast_radius_test

import data.slipway.blast_radius

limits := {"blast_radius": {"production": {"hosts": 2, "stacks": 1, "delete": 1, "data_stores": 0}, "other": {"hosts": 9, "stacks": 9, "delete": 9, "data_stores": 1}}}

plan(radius, production) := {
	"phases": [{"id": "p", "production": production}],
	"stacks": [],
	"blastRadius": object.union({"hosts": 1, "stacks": 1, "resources": {"delete": 0, "replace": 0}}, radius),
}

test_small if count(blast_radius.deny) == 0 with input as plan({}, true) with data.slipway.limits as limits

test_many_hosts_is_soft if {
	some finding in blast_radius.deny with input as plan({"hosts": 3}, true) with data.slipway.limits as limits
	finding.enforcement == "soft"
}

test_many_deletes if count(blast_radius.deny) == 1 with input as plan({"resources": {"delete": 1, "replace": 1}}, true) with data.slipway.limits as limits

test_elsewhere_more_may if count(blast_radius.deny) == 0 with input as plan({"hosts": 3}, false) with data.slipway.limits as limits

test_a_data_store_is_hard if {
	lost := {"stacks": [{"changes": [{"op": "delete", "urn": "u", "facts": {"dataStore": true}}]}]}
	some finding in blast_radius.deny with input as object.union(plan({}, true), lost) with data.slipway.limits as limits
	not finding.enforcement
}
