import { didYouMean } from '../../core/index.ts';

/** Names other tools use, and what they are here. Only looked up where the name is not known, and the answer is. */
const SYNONYMS: Readonly<Record<string, string>> = {
  on: 'triggers',
  trigger: 'triggers',
  params: 'inputs',
  parameters: 'inputs',
  options: 'inputs',
  variables: 'inputs',
  dependson: 'needs',
  depends: 'needs',
  requires: 'needs',
  when: 'if',
  condition: 'if',
  loop: 'foreach',
  withitems: 'foreach',
  matrix: 'foreach',
  items: 'foreach',
  type: 'uses',
  action: 'uses',
  task: 'uses',
  kind: 'uses',
  args: 'with',
  arguments: 'with',
  config: 'with',
  settings: 'with',
  jobs: 'phases',
  stages: 'phases',
  tasks: 'steps',
  jobsteps: 'steps',
  shell: 'run',
  script: 'run',
  command: 'run',
  cmd: 'run',
  always: 'finally',
  ensure: 'finally',
  catch: 'rescue',
  onerror: 'rescue',
  undo: 'compensate',
  compensatedby: 'compensate',
  sudo: 'become',
  timeoutminutes: 'timeout',
  retries: 'retry',
  continueonerror: 'onFailure',
  ignoreerrors: 'onFailure',
  environment: 'env',
  forks: 'maxParallel',
  parallel: 'maxParallel',
  parallelism: 'maxParallel',
  delegateto: 'hosts',
  targets: 'hosts',
  host: 'hosts',
  approvals: 'approval',
  reviewers: 'approvers',
  gate: 'approval',
  windows: 'window',
  slos: 'objectives',
  slas: 'sla',
  owners: 'owner',
  ip: 'address',
  hostname: 'address',
  bastion: 'jump',
  proxyjump: 'jump',
  children: 'groups',
  timezone: 'timeZone',
};
/** Words that need more than one key. */
const ADVICE: Readonly<Record<string, string>> = {
  spec: 'there is no "spec"; put its keys at the top level',
  register: 'remove it; later steps read ${{ steps.<id>.outputs.<name> }}',
  outputs: 'remove it; what a step gives is said by its kind',
  notify: 'use a step with uses: notify',
  parallel: 'steps whose needs are done run at the same time; write needs: [] to start with the phase',
};

/** Keys of steps that people put on a phase. */
const STEP_KEYS = [
  'uses',
  'run',
  'needs',
  'env',
  'foreach',
  'maxParallel',
  'retry',
  'onFailure',
  'rescue',
  'compensate',
  'hosts',
  'serial',
  'strategy',
  'become',
];

const plain = (name: string): string => name.replaceAll(/[^a-zA-Z0-9]/g, '').toLowerCase();

/** What to do about a key that does not exist, given the ones that do. */
export function unknownKeyHint(key: string, known: readonly string[]): string {
  const sameLetters = known.find((name) => plain(name) === plain(key));
  if (sameLetters !== undefined) return `write it "${sameLetters}"; keys are camelCase`;
  const synonym = SYNONYMS[plain(key)];
  if (synonym !== undefined && known.includes(synonym)) return `here it is called "${synonym}"`;
  const near = didYouMean(key, known);
  if (near !== undefined) return `did you mean "${near}"?`;
  const ofSteps = known.includes('steps') ? STEP_KEYS.find((name) => plain(name) === plain(key)) : undefined;
  if (ofSteps !== undefined) return `"${ofSteps}" is a key of steps; move it to the step`;
  const advice = ADVICE[plain(key)];
  if (advice !== undefined) return advice;
  return known.length === 0 ? 'remove it; no key is allowed here' : `known here: ${known.join(', ')}`;
}
