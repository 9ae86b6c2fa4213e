package slipway.encryption_test

import data.slipway.encryption

plan(facts) := {"stacks": [{"path": "p/s", "approximate": false, "changes": [{"op": "create", "type": "t", "name": "n", "facts": facts}]}]}

test_encrypted if count(encryption.deny) == 0 with input as plan({"encryptable": true, "encrypted": true, "tlsOnly": true})

test_plain if count(encryption.deny) == 1 with input as plan({"encryptable": true, "encrypted": false})

test_unknown_is_not_safe if count(encryption.deny) == 1 with input as plan({"encryptable": true})

test_no_tls if count(encryption.deny) == 1 with input as plan({"tlsOnly": false})
