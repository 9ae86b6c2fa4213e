import { inventoryOf, runbookOf } from './files.ts';
import type { Machine } from './machine.ts';

export const TOKEN = 'tok-7Fq2vR9sXw4LmZ8c';
export const POLICY = `package slipway.site

deny contains {"msg": "nobody runs what is forbidden", "hint": "leave it out"} if {
	some step in input.steps
	contains(step["with"].cmd, "forbidden")
}

deny contains {"msg": sprintf("it costs %v a month", [input.cost.monthly]), "enforcement": "soft"} if input.cost.monthly > 100
`;
const POLICY_TEST = `package slipway.site_test

import data.slipway.site

test_cheap if count(site.deny) == 0 with input as {"steps": [], "cost": {"monthly": 5}}

test_dear if count(site.deny) == 1 with input as {"steps": [], "cost": {"monthly": 500}}
`;
const WORK_INPUTS = {
  folder: { type: 'string' },
  url: { type: 'string' },
  token: { type: 'string', secret: true },
  size: { type: 'string', enum: ['small', 'large'], default: 'small' },
  answer: { type: 'integer', default: 200 },
};
const IN_FOLDER = { env: { DIR: '${{ inputs.folder }}' }, hosts: 'web', idempotency: 'safe' };
const DEPLOY = [
  {
    id: 'reachable',
    uses: 'check.http',
    with: { url: '${{ inputs.url }}', headers: { authorization: 'Bearer ${{ inputs.token }}' }, expect: { jsonPath: { '$.user': 'deployer' } } },
  },
  {
    id: 'settings',
    uses: 'ssh.copy',
    hosts: 'web',
    with: { src: 'files/app.conf', dest: '${{ inputs.folder }}/app.conf', mode: '0640' },
    compensate: [{ ...IN_FOLDER, run: 'rm -f "$DIR/app.conf"' }],
  },
  {
    id: 'parts',
    foreach: ['a', 'b'],
    ...IN_FOLDER,
    env: { ...IN_FOLDER.env, PART: '${{ item }}' },
    run: 'echo "part $PART" > "$DIR/part-$PART" && echo "wrote part $PART"',
    compensate: [{ ...IN_FOLDER, env: { ...IN_FOLDER.env, PART: '${{ item }}' }, run: 'rm -f "$DIR/part-$PART"' }],
  },
  {
    id: 'by-size',
    uses: 'switch',
    with: { value: '${{ inputs.size }}' },
    cases: {
      small: [{ id: 'small', ...IN_FOLDER, run: 'echo small > "$DIR/size"', compensate: [{ ...IN_FOLDER, run: 'rm -f "$DIR/size"' }] }],
      large: [{ id: 'large', ...IN_FOLDER, run: 'echo large > "$DIR/size"', compensate: [{ ...IN_FOLDER, run: 'rm -f "$DIR/size"' }] }],
    },
  },
  { id: 'settle', uses: 'pause', with: { duration: '200ms' } },
  { id: 'smoke', uses: 'runbook.call', with: { runbook: 'smoke', inputs: { url: '${{ inputs.url }}', token: '${{ inputs.token }}' } } },
  { id: 'accepted', uses: 'approval', with: { approvers: ['user:bob'], reason: 'is it good' } },
  {
    id: 'alive',
    uses: 'check.http',
    with: { url: '${{ inputs.url }}', headers: { authorization: 'Bearer ${{ inputs.token }}' }, expect: { status: '${{ inputs.answer }}' } },
  },
  { id: 'tell', uses: 'notify', with: { channel: 'log', title: 'deployed', text: 'smoke said ${{ string(steps.smoke.outputs.status) }}' } },
];

const SMOKE = runbookOf({
  name: 'smoke',
  inputs: { url: { type: 'string' }, token: { type: 'string', secret: true } },
  steps: [{ id: 'ask', uses: 'check.http', with: { url: '${{ inputs.url }}', headers: { authorization: 'Bearer ${{ inputs.token }}' } } }],
  outputs: { status: '${{ steps.ask.outputs.status }}' },
});

export function filesFor(target: Machine): { readonly [path: string]: string } {
  const deploy = { name: 'deploy', inputs: WORK_INPUTS, steps: DEPLOY, rollback: { on: ['stepFailed', 'healthFailed', 'manual'], budget: '1m' } };
  return {
    'runbooks/estate.yaml': inventoryOf(target),
    'runbooks/deploy.yaml': runbookOf(deploy),
    'runbooks/smoke.yaml': SMOKE,
    'runbooks/look.yaml': runbookOf({ name: 'look', steps: [{ id: 'facts', uses: 'ssh.facts', hosts: 'web' }] }),
    'runbooks/bad.yaml': runbookOf({ name: 'bad', steps: [{ id: 'bad', hosts: 'web', run: 'echo forbidden', idempotency: 'safe' }] }),
    'runbooks/dear.yaml': runbookOf({ name: 'dear', steps: [{ id: 'tell', uses: 'notify', with: { text: 'dear' } }], cost: { monthly: 500 } }),
    'files/app.conf': 'listen = 8080\n',
    'policies/rules.rego': POLICY,
    'policies/rules_test.rego': POLICY_TEST,
  };
}
