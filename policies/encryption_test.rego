package slipway.encryption_test

import data.slipway.encryption

plan(facts) := {"stacks": [{"path": "p/s", "approximate": false, "changes": [{"op": "create", "type": "t", "name": "n", "facts": facts}]}]}

test_encrypted if count(encryption.deny) == 0 with input as plan({"encryptable": true, "encrypted": true, "tlsOnly": true})

test_plain if count(encryption.deny) == 1 with input as plan({"encryptable": true, "encrypted": false})

test_unknown_is_not_safe if count(encryption.deny) == 1 with input as plan({"encryptable": true})

test_no_tls if count(encryption.deny) == 1 with input as plan({"tlsOnly": false})

test_unknown_is_soft if {
	some finding in encryption.deny with input as plan({"encryptable": true})
	finding.enforcement == "soft"
}

test_a_preview_that_is_approximate_hides_nothing if {
	first := json.patch(plan({"encryptable": true}), [{"op": "replace", "path": "/stacks/0/approximate", "value": true}])
	count(encryption.deny) == 1 with input as first
}

test_what_cannot_be_encrypted_need_not if count(encryption.deny) == 0 with input as plan({"encryptable": false})
