import type { Json, JsonObject } from '../../src/core/index.ts';
import type { PolicyInput } from '../../src/plan/index.ts';

type Phase = PolicyInput['phases'][number];
type Step = PolicyInput['steps'][number];
type Stack = PolicyInput['stacks'][number];

const phase = (id: string, type: Phase['type'], index: number, steps: readonly string[]): Phase => ({
  ...{ id, type, index, environment: 'prod', production: true, mutates: type !== 'prepare', hosts: [], watches: [] },
  steps: steps.map((step) => `${id}/${step}`),
  waves: steps.map((step) => [`${id}/${step}`]),
});
const step = (path: string, type: Phase['type'], uses: string, more: Partial<Step> = {}): Step => ({
  ...{ path, phase: path.split('/')[0] ?? '', phaseType: type, environment: 'prod', production: true, id: path, label: path, uses, role: 'step' },
  ...{ needs: [], with: {}, known: true, mutates: true, idempotency: 'safe', onFailure: 'fail', trigger: 'stepFailed', attempts: 1, timeoutSeconds: 60 },
  ...{ pointOfNoReturn: false, compensations: [], rescues: 0, source: { file: 'runbooks/erp.yaml', line: 1 } },
  ...more,
});
const undo = (path: string, uses: string, settings: JsonObject = {}): Step['compensations'] => [
  { path: `${path}/compensate/0`, uses, with: settings, order: 'normal', implied: false },
];
const tags = { owner: 'team-erp', costCenter: '4711' };
const bucket = { provider: 'aws', taggable: true, tags, region: 'eu-central-1', encryptable: true, encrypted: true, dataStore: true };
const group = { provider: 'aws', taggable: true, tags, region: 'eu-central-1', encryptable: false, dataStore: false };
const web = [{ cidr: '0.0.0.0/0', fromPort: 443, toPort: 443, protocol: 'tcp' }];
const change = (name: string, type: string, facts: JsonObject): Stack['changes'][number] => ({
  ...{ op: 'create', type, name, urn: `urn:pulumi:prod::aws::${type}::${name}`, properties: [], facts },
});

/** A plan that breaks no shipped policy: a tier 1 service goes to the cloud with all that is asked for. */
export function goodPlan(): PolicyInput {
  return structuredClone(GOOD);
}

const GOOD: PolicyInput = {
  version: 1,
  now: '2026-11-28T02:00:00.000Z',
  rehearsal: false,
  actor: { name: 'user:ada', teams: ['team:erp'] },
  authors: ['user:grace'],
  commit: { head: 'a'.repeat(40), dirty: false, tree: `sha256:${'0'.repeat(64)}` },
  runbook: { name: 'erp', file: 'runbooks/erp.yaml', digest: `sha256:${'0'.repeat(64)}`, owner: 'team-erp', tier: 1, labels: {} },
  inputs: { values: {}, secrets: ['adminToken'] },
  phases: [
    phase('prepare', 'prepare', 0, ['facts']),
    phase('provision', 'provision', 1, ['net', 'install']),
    {
      ...phase('dual', 'dualRun', 2, []),
      mutates: false,
      analysis: {
        metrics: [
          { name: 'latency', kind: 'latency', quantiles: { p50: '25%', p95: '50%' }, critical: true },
          { name: 'errors', kind: 'rate', margin: '1pp', critical: true },
        ],
      },
    },
    {
      ...phase('cutover', 'cutover', 3, ['all']),
      approval: {
        ...{ path: 'cutover/@approval', approvers: ['team:erp', 'team:cab'], required: 2, perGroup: 1, preventSelfApproval: true, onTimeout: 'deny' },
      },
      window: { onOverrun: 'rollback', openNow: true, next: { from: '2026-11-28T01:00:00.000Z', to: '2026-11-28T05:00:00.000Z' }, openings: 50 },
      watches: [{ path: 'cutover/watch/health', uses: 'check.http', with: { url: 'http://erp.internal/health' }, intervalSeconds: 5, failureLimit: 2 }],
    },
    phase('retire', 'decommission', 4, ['stop']),
  ],
  steps: [
    step('prepare/facts', 'prepare', 'ssh.facts', { mutates: false }),
    step('provision/net', 'provision', 'pulumi.up', { with: { stack: 'aws/prod' }, compensations: undo('provision/net', 'pulumi.destroy') }),
    step('provision/install', 'provision', 'ssh.run', {
      with: { cmd: './install.sh' },
      hosts: {
        ...{
          pattern: 'erp',
          names: ['erp-1'],
          count: 1,
          serial: [1],
          largestBatch: 1,
          strategy: 'linear',
          anyErrorsFatal: false,
          runOnce: false,
          guarded: false,
        },
      },
      compensations: undo('provision/install', 'ssh.run', { cmd: './remove.sh' }),
    }),
    step('provision/install/compensate/0', 'provision', 'ssh.run', { role: 'compensate', owner: 'provision/install', with: { cmd: './remove.sh' } }),
    step('cutover/@approval', 'cutover', 'approval', { mutates: false, with: { required: 2 } }),
    step('cutover/all', 'cutover', 'traffic.setWeight', { with: { weight: 100 }, compensations: undo('cutover/all', 'traffic.setWeight', { weight: 0 }) }),
    step('retire/stop', 'decommission', 'ssh.run', { with: { cmd: 'systemctl stop erp' }, pointOfNoReturn: true }),
  ],
  metricSources: [],
  stacks: [
    {
      ...{ path: 'provision/net', phase: 'provision', phaseType: 'provision', environment: 'prod', production: true },
      ...{ stack: 'aws/prod', program: 'aws', name: 'prod', operation: 'up', approximate: true, counts: { create: 2 }, warnings: [] },
      changes: [
        change('data', 'aws:s3/bucket:Bucket', bucket),
        change('web', 'aws:ec2/securityGroup:SecurityGroup', { ...group, ingress: web }),
        change('block', 'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock', { ...group, taggable: false, publicAccess: false }),
      ],
    },
  ],
  hosts: [
    {
      name: 'erp-1',
      address: '10.0.0.11',
      port: 22,
      user: 'deploy',
      zone: 'rack',
      groups: ['erp'],
      vars: {},
      jump: [],
      shell: 'posix',
      legacy: [],
      pinnedHostKeys: 1,
    },
  ],
  environments: {
    prod: {
      ...{ name: 'prod', production: true, costCeiling: 5000, hasApproval: true, hasWindow: true },
      zones: [
        { name: 'rack', provider: 'onPrem', regions: [] },
        { name: 'cloud', provider: 'aws', regions: ['eu-central-1'] },
      ],
    },
  },
  cost: { monthly: 4000 },
  blastRadius: {
    ...{ hosts: 1, stacks: 1, mutatingSteps: 4, irreversibleSteps: 1, environments: ['prod'], zones: ['rack'] },
    resources: { create: 2, update: 0, replace: 0, delete: 0, import: 0 },
  },
  rollback: { on: ['stepFailed', 'healthFailed', 'manual'], budgetSeconds: 600, git: 'none', steps: 3, pointOfNoReturn: 'retire/stop' },
  sla: [],
  calls: [],
};

/** The good plan with one value changed; `undefined` takes the member out. */
export function planWith(path: string, value: Json | undefined): Json {
  const plan: Json = JSON.parse(JSON.stringify(goodPlan())) as Json; // JSON by construction
  const parts = path.split('.');
  const last = parts.pop() ?? '';
  let at = plan as { [key: string]: Json }; // the test names a path that is there
  for (const part of parts) at = at[part] as { [key: string]: Json }; // lists too: their keys are numbers
  if (value === undefined) delete at[last];
  else at[last] = value;
  return plan;
}
