package slipway.zones_test

import data.slipway.zones

environment := {"name": "prod", "zones": [{"name": "dc", "provider": "onPrem", "regions": []}, {"name": "eu", "provider": "aws", "regions": ["eu-central-1"]}]}

plan(region, zone) := {
	"environments": {"prod": environment},
	"stacks": [{"path": "p/s", "stack": "a/prod", "environment": "prod", "changes": [{"op": "create", "type": "aws:s3/bucket:Bucket", "name": "b", "facts": {"region": region}}]}],
	"hosts": [{"name": "h1", "zone": zone}],
	"steps": [{"path": "p/h", "environment": "prod", "mutates": true, "hosts": {"names": ["h1"]}}],
}

test_allowed if count(zones.deny) == 0 with input as plan("eu-central-1", "dc")

test_region_denied if {
	some finding in zones.deny with input as plan("us-east-1", "dc")
	finding.at == "p/s"
}

test_zone_denied if {
	some finding in zones.deny with input as plan("eu-central-1", "attic")
	finding.at == "p/h"
}

test_reading_elsewhere_is_allowed if {
	looking := json.patch(plan("eu-central-1", "attic"), [{"op": "replace", "path": "/steps/0/mutates", "value": false}])
	count(zones.deny) == 0 with input as looking
}

test_regions_are_compared_as_azure_writes_them if {
	azure := json.patch(plan("westeurope", "dc"), [{"op": "add", "path": "/environments/prod/zones/-", "value": {"name": "az", "provider": "azure", "regions": ["West Europe"]}}])
	count(zones.deny) == 0 with input as azure
}

test_a_host_without_zone_warns if count(zones.warn) == 1 with input as {"hosts": [{"name": "h1"}], "stacks": [], "steps": []}
