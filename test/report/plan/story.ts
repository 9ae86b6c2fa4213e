import { digestOf } from '../../../src/core/index.ts';
import { type PlanBody, type PlanBundle, sealPlan } from '../../../src/plan/index.ts';
import type { StackChange } from '../../../src/steps/index.ts';
import { bodyOf, environments, graphOf } from '../../plan/fixture.ts';

const RUNBOOK = `
inputs: {stage: {type: string}, token: {type: string, secret: true}, soak: {type: string}}
rollback: {on: [stepFailed, healthFailed, manual], budget: 5m}
phases:
  - id: prepare
    type: prepare
    environment: prod
    steps: [{id: facts, uses: ssh.facts, hosts: web}, {id: old-healthy, uses: check.http, with: {url: "http://shop.internal/health"}}]
  - id: provision
    type: provision
    environment: prod
    steps:
      - {id: network, name: networks and load balancer, uses: pulumi.up, needs: [], with: {stack: "shop-net/\${{ inputs.stage }}"}, compensate: [{uses: pulumi.destroy, with: {stack: "shop-net/\${{ inputs.stage }}"}}]}
      - {id: database, uses: pulumi.up, needs: [], with: {stack: "shop-db/\${{ inputs.stage }}"}, compensate: [{uses: pulumi.destroy, with: {stack: "shop-db/\${{ inputs.stage }}"}}]}
      - id: install
        name: install the shop, one machine first
        run: ./install.sh
        env: {TOKEN: "\${{ inputs.token }}"}
        hosts: web
        serial: [1, 100%]
        needs: [network, database]
        rescue: [{uses: notify}]
        compensate: [{name: remove the shop, run: ./remove.sh, hosts: web}]
      - {id: tune, name: tune the kernel, run: sysctl --system, hosts: web, onFailure: continue}
  - id: dual
    type: dualRun
    environment: prod
    with: {baseline: "http://old", candidate: "http://new", duration: 30m}
    analysis: {onInconclusive: pause, metrics: [{name: errors, kind: rate, margin: 1pp}]}
  - id: cutover
    type: cutover
    environment: prod
    after: 1h
    approval: {approvers: ["team:leads", "team:cab"], required: 2, perGroup: 1}
    window: {schedule: "0 2 * * 6", duration: 4h, timeZone: Europe/Berlin, onOverrun: rollback}
    watch: [{id: served, uses: check.http, with: {url: "http://shop.internal/health"}, interval: 5s}]
    steps:
      - {id: weight-10, uses: traffic.setWeight, hosts: lb, with: {weight: 10}}
      - {id: soak, uses: pause, with: {duration: "\${{ inputs.soak }}"}}
      - {id: weight-100, uses: traffic.setWeight, hosts: lb, with: {weight: 100}}
    finally: [{uses: notify}]
  - id: retire
    type: decommission
    environment: prod
    pointOfNoReturn: drop
    steps:
      - {id: stop-old, name: stop the old shop, run: systemctl stop shop, hosts: db, compensate: [{name: start the old shop, run: systemctl start shop, hosts: db}]}
      - {id: drop, name: drop the old data, run: ./drop.sh, hosts: db}
`;
const known = environments('apiVersion: slipway/v1\nkind: Environment\nmetadata: {name: prod}\nproduction: true\n');
const inputs = { values: { stage: 'prod', soak: '10m' }, secrets: ['token'] };

const change = (op: StackChange['op'], type: string, name: string, properties: readonly string[] = []): StackChange => ({
  ...{ op, type, name, properties },
  urn: `urn:pulumi:prod::shop::${type}::${name}`,
  facts: {},
});
export const changes: readonly StackChange[] = [
  change('create', 'aws:ec2/vpc:Vpc', 'main'),
  change('create', 'aws:ec2/subnet:Subnet', 'public'),
  change('update', 'aws:lb/loadBalancer:LoadBalancer', 'front', ['idleTimeout', 'tags']),
  change('delete', 'aws:ec2/eip:Eip', 'legacy'),
  change('same', 'aws:s3/bucket:Bucket', 'logs'),
];

/** A migration with every part a plan can show. */
export function story(over: Partial<PlanBody> = {}): PlanBundle {
  const graph = graphOf(RUNBOOK, { environments: known, inputs });
  return sealPlan(
    bodyOf(
      { ...graph, metadata: { ...graph.metadata, name: 'shop-to-cloud', description: 'Move the shop from the racks to the cloud' } },
      {
        runbook: { name: 'shop-to-cloud', file: 'runbooks/shop-to-cloud.yaml', digest: digestOf('runbook') },
        inputs,
        cost: { monthly: 4200, once: 900 },
        previews: {
          'provision/network': {
            type: 'stack',
            stack: 'shop-net/prod',
            operation: 'up',
            stateDigest: digestOf('s'),
            preview: { changes, counts: { create: 2, update: 1, delete: 1, same: 1 }, warnings: ['eip legacy is deprecated'], approximate: false },
          },
          'provision/database': {
            type: 'stack',
            stack: 'shop-db/prod',
            operation: 'up',
            stateDigest: digestOf('t'),
            preview: { changes: [change('create', 'aws:rds/instance:Instance', 'shop')], counts: { create: 1 }, warnings: [], approximate: true },
          },
          'provision/install': {
            type: 'hosts',
            hosts: [
              { host: 'web-1', verdict: 'wouldChange', detail: '--- /etc/shop.conf\n+++ /etc/shop.conf\n@@ -1 +1 @@\n-workers=2\n+workers=4' },
              { host: 'web-2', verdict: 'wouldChange', detail: '--- /etc/shop.conf\n+++ /etc/shop.conf\n@@ -1 +1 @@\n-workers=2\n+workers=4' },
              { host: 'web-3', verdict: 'unreachable', detail: 'connection refused' },
            ],
          },
          'dual/@analysis': { type: 'note', text: 'errors needs 9,000 pairs (90% power)' },
        },
        verdict: {
          decision: 'softDeny',
          findings: [
            { level: 'warn', rule: 'migration.uncovered', msg: 'nothing undoes tune', at: 'provision/tune', id: digestOf('w') },
            {
              level: 'soft',
              rule: 'baseline.delete',
              msg: 'a resource is deleted in production',
              at: 'provision/network',
              id: digestOf('f'),
              hint: 'protect it, or let its owner override this',
            },
          ],
        },
        ...over,
      },
    ),
  );
}
