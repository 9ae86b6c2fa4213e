package slipway.exposure_test

import data.slipway.exposure

limits := {"open_ports": [443]}

plan(facts) := {"stacks": [{"path": "p/s", "changes": [{"op": "create", "type": "t", "name": "n", "facts": facts}]}]}

test_private if count(exposure.deny) == 0 with input as plan({"dataStore": true, "publicAccess": false, "acl": "private"}) with data.slipway.limits as limits

test_public_store if count(exposure.deny) == 1 with input as plan({"dataStore": true, "publicAccess": true}) with data.slipway.limits as limits

test_public_acl if count(exposure.deny) == 1 with input as plan({"acl": "public-read"}) with data.slipway.limits as limits

test_https_is_open if count(exposure.deny) == 0 with input as plan({"ingress": [{"cidr": "0.0.0.0/0", "fromPort": 443, "toPort": 443}]}) with data.slipway.limits as limits

test_ssh_is_not if count(exposure.deny) == 1 with input as plan({"ingress": [{"cidr": "::/0", "fromPort": 22, "toPort": 22}]}) with data.slipway.limits as limits

test_a_range_is_not if count(exposure.deny) == 1 with input as plan({"ingress": [{"cidr": "0.0.0.0/0", "fromPort": 0, "toPort": 443}]}) with data.slipway.limits as limits
