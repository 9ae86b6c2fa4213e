package slipway.access_test

import data.slipway.access

roles := {"viewer": ["*.read"], "operator": ["run.start", "run.cancel"], "admin": ["*"]}

bindings := [
	{"role": "viewer", "subjects": ["anyone"], "environments": ["*"]},
	{"role": "operator", "subjects": ["team:erp"], "environments": ["lab", "stage-*"], "runbooks": ["erp-*"]},
	{"role": "operator", "subjects": ["token:ci"], "environments": ["lab"]},
	{"role": "admin", "subjects": ["user:root"], "environments": ["*"]},
]

ada := {"id": "user:ada", "names": ["user:ada", "team:erp", "anyone"], "via": "session"}

root := {"id": "user:root", "names": ["user:root", "anyone"], "via": "session"}

runbook(name, environments) := {"kind": "runbook", "runbook": name, "environments": environments}

server := {"kind": "server", "environments": []}

request(subject, action, object) := {
	"version": 1,
	"action": action,
	"subject": subject,
	"object": object,
	"roles": roles,
	"bindings": bindings,
}

allowed(asked) if count(access.deny) == 0 with input as asked

test_read if allowed(request(ada, "run.read", runbook("erp-new", ["prod"])))

test_start_in_lab if allowed(request(ada, "run.start", runbook("erp-new", ["lab"])))

test_start_by_pattern if allowed(request(ada, "run.start", runbook("erp-new", ["lab", "stage-eu"])))

test_not_in_prod if not allowed(request(ada, "run.start", runbook("erp-new", ["prod"])))

test_every_environment_counts if not allowed(request(ada, "run.start", runbook("erp-new", ["lab", "prod"])))

test_not_another_runbook if not allowed(request(ada, "run.start", runbook("crm", ["lab"])))

test_pattern_is_whole if not allowed(request(ada, "run.start", runbook("xerp-new", ["lab"])))

test_no_environment_still_asks_for_the_runbook if {
	allowed(request(ada, "run.start", runbook("erp-look", [])))
	not allowed(request(ada, "run.start", runbook("crm-look", [])))
}

test_not_another_action if not allowed(request(ada, "run.vote", runbook("erp-new", ["lab"])))

test_server_needs_no_limits if {
	allowed(request(root, "token.create", server))
	not allowed(request(ada, "run.start", server))
}

test_server_read if allowed(request(ada, "audit.read", server))

test_nobody if not allowed(request({"id": "user:eve", "names": ["user:eve"], "via": "session"}, "run.read", runbook("erp-new", [])))

ci(scopes) := {"id": "token:ci", "names": ["token:ci"], "via": "token", "scopes": scopes}

test_token_in_scope if allowed(request(ci([{"action": "run.*"}]), "run.start", runbook("erp-new", ["lab"])))

test_token_out_of_scope if not allowed(request(ci([{"action": "run.read"}]), "run.start", runbook("erp-new", ["lab"])))

test_token_scope_of_a_runbook if {
	allowed(request(ci([{"action": "run.start", "runbook": "erp-*"}]), "run.start", runbook("erp-new", ["lab"])))
	not allowed(request(ci([{"action": "run.start", "runbook": "erp-*"}]), "run.start", runbook("crm", ["lab"])))
}

test_token_scope_gives_nothing_by_itself if not allowed(request(ci([{"action": "*"}]), "run.start", runbook("erp-new", ["prod"])))

test_token_without_scopes if not allowed(request(ci([]), "run.start", runbook("erp-new", ["lab"])))

test_scope_of_a_runbook_is_none_of_the_server if {
	limited := object.union(root, {"scopes": [{"action": "*", "runbook": "erp-*"}]})
	not allowed(request(limited, "token.create", server))
}

test_dot_is_a_dot if not allowed(request(ci([{"action": "run.start"}]), "runxstart", runbook("erp-new", ["lab"])))

test_strange_pattern_fits_nothing if not allowed(request(ci([{"action": "run|.*"}]), "run.start", runbook("erp-new", ["lab"])))

test_no_bindings if not allowed(object.union(request(ada, "run.read", runbook("erp-new", [])), {"bindings": []}))

test_unknown_role if {
	asked := object.remove(request(ada, "run.read", runbook("erp-new", [])), ["roles"])
	not allowed(object.union(asked, {"roles": {"reader": ["*"]}}))
}

test_not_a_request if {
	not allowed({})
	not allowed({"phases": [], "steps": []})
	not allowed(object.remove(request(root, "run.read", runbook("x", [])), ["version"]))
	not allowed(object.union(request(root, "run.read", runbook("x", [])), {"object": {"kind": "everything", "environments": []}}))
}

test_scopes_that_are_no_list if not allowed(request(object.union(ci([]), {"scopes": "run.start"}), "run.start", runbook("erp-new", ["lab"])))
