/** Who may do what in tests. */
export const ACCESS = `
apiVersion: slipway/v1
kind: Access
metadata: { name: access }
roles:
  viewer: { actions: ['runbook.read', 'run.read', 'plan.read', 'log.read'] }
  operator: { includes: [viewer], actions: ['run.*', 'plan.*'] }
  admin: { actions: ['*'] }
teams:
  leads: { members: ['user:lea@site.test'] }
bindings:
  - { role: admin, subjects: ['token:root', 'user:root@site.test'], environments: ['*'] }
  - { role: operator, subjects: ['token:ci', 'user:ada@site.test', 'team:leads'], environments: ['*'] }
  - { role: operator, subjects: ['trigger:portal', 'trigger:github', 'trigger:vault'], environments: [lab] }
  - { role: viewer, subjects: ['token:look'], environments: ['*'], runbooks: [greet] }
---
apiVersion: slipway/v1
kind: Environment
metadata: { name: lab, owner: team-platform }
production: false
---
apiVersion: slipway/v1
kind: Environment
metadata: { name: prod, owner: team-platform }
production: true
---
apiVersion: slipway/v1
kind: Inventory
metadata: { name: estate }
defaults: { user: deploy, privateKey: 'env:SITE_KEY', zone: rack }
hosts: { web1: { address: 10.0.0.11 }, web2: { address: 10.0.0.12, jump: web1 } }
groups: { web: { hosts: [web1, web2] } }
---
apiVersion: slipway/v1
kind: Wave
metadata: { name: first }
runbook: greet
servers: [a, b]
inputs: { name: xavier }
`;
export const GREET = `
apiVersion: slipway/v1
kind: Runbook
metadata: { name: greet, owner: team-web, tier: 3, description: says hello }
triggers:
  - webhook: { id: portal }
  - webhook: { id: github }
  - event: { type: com.example.greeting, if: '\${{ event.data.loud != true }}', inputs: { name: '\${{ event.data.who }}' } }
inputs:
  name: { type: string, minLength: 2, maxLength: 40, description: whom to greet }
  times: { type: integer, minimum: 1, maximum: 5, default: 1 }
  style: { type: string, enum: [plain, fancy], default: plain }
phases:
  - id: work
    type: custom
    environment: lab
    steps:
      - { id: hello, uses: notify, with: { channel: log, title: hello, text: 'hello \${{ inputs.name }}' } }
`;
export const GATED = `
apiVersion: slipway/v1
kind: Runbook
metadata: { name: gated, owner: team-web, tier: 3 }
phases:
  - id: work
    type: custom
    environment: lab
    steps:
      - { id: ask, uses: approval, with: { approvers: ['team:leads', 'user:root@site.test'], reason: is it good, preventSelfApproval: true } }
      - { id: said, uses: notify, with: { channel: log, title: done, text: done } }
`;
export const SLOW = `
apiVersion: slipway/v1
kind: Runbook
metadata: { name: slow, owner: team-web, tier: 3 }
inputs: { for: { type: string, default: 30s } }
phases:
  - id: work
    type: custom
    environment: lab
    steps: [{ id: sit, uses: pause, with: { duration: '\${{ inputs.for }}' } }, { id: end, uses: notify, with: { channel: log, title: end, text: end } }]
`;
const SECRETIVE = `
apiVersion: slipway/v1
kind: Runbook
metadata: { name: secretive, owner: team-web, tier: 3 }
triggers: [{ webhook: { id: vault } }]
inputs: { password: { type: string, secret: true } }
phases: [{ id: work, type: custom, environment: lab, steps: [{ id: hi, uses: notify, with: { channel: log, title: hi, text: hi } }] }]
`;
const PROD = `
apiVersion: slipway/v1
kind: Runbook
metadata: { name: prod-greet, owner: team-web, tier: 3 }
triggers: [{ webhook: { id: prodportal } }]
phases: [{ id: work, type: custom, environment: prod, steps: [{ id: hi, uses: notify, with: { channel: log, title: hi, text: hi } }] }]
`;
/** Policies of the site: few, so that tests need no more than they are about. */
const POLICY = `package slipway.site

deny contains {"msg": "nobody greets eve", "hint": "greet somebody else"} if input.inputs.values.name == "eve"
`;

/** Files of the repository that most tests use. */
export const FILES: { readonly [path: string]: string } = {
  'runbooks/estate.yaml': ACCESS,
  'runbooks/greet.yaml': GREET,
  'runbooks/gated.yaml': GATED,
  'runbooks/slow.yaml': SLOW,
  'runbooks/prod.yaml': PROD,
  'runbooks/secretive.yaml': SECRETIVE,
  'policies/site.rego': POLICY,
};
