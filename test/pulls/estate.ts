/** Who may do what, and what is asked of changes; as it stands on the default branch of the tests. */
export const ESTATE = `
apiVersion: slipway/v1
kind: Access
metadata: { name: access }
roles:
  operator: { actions: ['runbook.read', 'run.*', 'plan.*', 'lock.release', 'pull.allow'] }
bindings:
  - { role: operator, subjects: ['user:ada@git', 'user:bert@git'], environments: ['*'] }
---
apiVersion: slipway/v1
kind: Environment
metadata: { name: lab, owner: team-platform }
production: false
apply: { when: beforeMerge, undiverged: false, approvals: { required: 0 } }
---
apiVersion: slipway/v1
kind: Environment
metadata: { name: prod, owner: team-platform }
production: true
---
apiVersion: slipway/v1
kind: Environment
metadata: { name: auto, owner: team-platform }
production: false
apply: { merge: squash, approvals: { required: 0 } }
---
apiVersion: slipway/v1
kind: Inventory
metadata: { name: estate }
defaults: { user: deploy, privateKey: 'env:SITE_KEY', zone: rack }
hosts: { web1: { address: 10.0.0.11 } }
groups: { web: { hosts: [web1] } }
`;

/** A runbook that only says something. */
export function saying(name: string, environment: string, text: string, steps = ''): string {
  return `apiVersion: slipway/v1
kind: Runbook
metadata: { name: ${name}, owner: team-web, tier: 3 }
inputs: { who: { type: string, default: world } }
phases:
  - id: work
    type: custom
    environment: ${environment}
    steps:
${steps}      - { id: say, uses: notify, with: { channel: log, title: say, text: '${text}' } }
`;
}

/** Waits for a person, then would work on hosts. */
export function onHosts(name: string, command: string): string {
  return `apiVersion: slipway/v1
kind: Runbook
metadata: { name: ${name}, owner: team-web, tier: 3 }
phases:
  - id: work
    type: custom
    environment: lab
    steps:
      - { id: ask, uses: approval, with: { approvers: ['user:bert@git'], reason: is it good } }
      - { id: act, uses: ssh.run, hosts: web, needs: [ask], with: { cmd: ${command} } }
`;
}

export const POLICY = `package slipway.site

deny contains {"msg": "nobody greets eve", "hint": "greet somebody else"} if input.inputs.values.who == "eve"
`;

export const FILES: { readonly [path: string]: string } = {
  'runbooks/estate.yaml': ESTATE,
  'runbooks/hello.yaml': saying('hello', 'lab', 'hello'),
  'runbooks/ship.yaml': saying('ship', 'prod', 'shipped'),
  'runbooks/auto.yaml': saying('auto', 'auto', 'merged'),
  'runbooks/one.yaml': onHosts('one', 'uptime'),
  'runbooks/two.yaml': onHosts('two', 'uptime'),
  'policies/site.rego': POLICY,
};
