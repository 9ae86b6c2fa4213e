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

change(more) := {"stacks": [{"path": "p/s", "operation": "up", "production": true, "changes": [object.union({"op": "create", "type": "t", "name": "n", "facts": {}}, more)]}]}

test_half_of_the_internet_is_the_internet if every cidr in ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "::/0", "2000::/3"] {
	count(exposure.deny) == 1 with input as change({"facts": {"ingress": [{"cidr": cidr, "fromPort": 22, "toPort": 22}]}}) with data.slipway.limits as limits
}

test_own_networks_are_not if every cidr in ["10.0.0.0/8", "192.168.1.0/24", "10.1.2.3", "fd00::/8", "2001:db8::/48", "VirtualNetwork"] {
	count(exposure.deny) == 0 with input as change({"facts": {"ingress": [{"cidr": cidr, "fromPort": 22, "toPort": 22}]}}) with data.slipway.limits as limits
}

test_an_open_guard if {
	open := {"type": "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "facts": {"dataStore": false, "publicAccess": true}}
	count(exposure.deny) == 1 with input as change(open) with data.slipway.limits as limits
}

test_a_guard_that_goes if {
	gone := {"op": "delete", "type": "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"}
	count(exposure.deny) == 1 with input as change(gone) with data.slipway.limits as limits
	destroyed := json.patch(change(gone), [{"op": "replace", "path": "/stacks/0/operation", "value": "destroy"}])
	count(exposure.deny) == 0 with input as destroyed with data.slipway.limits as limits
	with_bucket := json.patch(change(gone), [{"op": "add", "path": "/stacks/0/changes/-", "value": {"op": "delete", "type": "aws:s3/bucket:Bucket", "name": "b", "facts": {}}}])
	count(exposure.deny) == 0 with input as with_bucket with data.slipway.limits as limits
}

test_a_public_machine_is_soft if {
	some finding in exposure.deny with input as change({"type": "aws:ec2/instance:Instance", "facts": {"dataStore": false, "publicAccess": true}}) with data.slipway.limits as limits
	finding.enforcement == "soft"
}

firewall(facts) := change({"type": "aws:ec2/securityGroup:SecurityGroup", "facts": facts})

test_unknown_rules_are_not_safe if {
	found := exposure.deny with input as firewall({}) with data.slipway.limits as limits
	{finding.enforcement | some finding in found} == {"soft"}
}

test_an_unknown_address_is_not_safe if {
	rule := {"cidr": "(unknown)", "fromPort": 443, "toPort": 443, "protocol": "tcp"}
	found := exposure.deny with input as firewall({"ingress": [rule]}) with data.slipway.limits as limits
	{finding.enforcement | some finding in found} == {"soft"}
}

test_no_rules_are if count(exposure.deny) == 0 with input as firewall({"ingress": []}) with data.slipway.limits as limits
