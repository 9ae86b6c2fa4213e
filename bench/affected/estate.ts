import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const RUNBOOKS = 1_000;
export const STACKS = 200;
/** Modules that stacks import; each stack one of them, and all of these the one beneath. */
export const LIBRARIES = 20;
const HOSTS = 400;
const TEAMS = 20;
const PACKAGE = join(import.meta.dirname, '..', '..');

export interface Files {
  readonly [path: string]: string;
}

/** A company of twenty teams: a thousand runbooks, two hundred stacks that share code, their environments, calendars, hosts and people. */
export function estateFiles(): Files {
  const files: Record<string, string> = {};
  for (let index = 0; index < RUNBOOKS; index++) files[`runbooks/team-${index % TEAMS}/${nameOf(index)}.yaml`] = runbook(index, '10s');
  for (let index = 0; index < TEAMS; index++) files[`runbooks/team-${index}/estate.yaml`] = environments(index, 4);
  files['runbooks/racks.yaml'] = inventory();
  files['runbooks/access.yaml'] = access();
  for (let index = 0; index < STACKS; index++) {
    files[`stacks/app-${index}/index.ts`] = program(index);
    files[`stacks/app-${index}/settings.ts`] = `export const size = ${index};\n`;
  }
  for (let index = 0; index < LIBRARIES; index++) files[`stacks/shared/part-${index}.ts`] = library(index, 'plain');
  files['stacks/shared/names.ts'] = `export const prefix = 'acme';\n`;
  return files;
}

/** A few runbooks, a module that ten stacks import, and an environment of one team. */
export function smallChange(turn: number): Files {
  const edited = Object.fromEntries([3, 204, 611].map((index) => [`runbooks/team-${index % TEAMS}/${nameOf(index)}.yaml`, runbook(index, `${turn + 11}s`)]));
  return { ...edited, 'stacks/shared/part-7.ts': library(7, `other-${turn}`), 'runbooks/team-3/estate.yaml': environments(3, 5 + turn) };
}

/** The module beneath everything: every runbook with a stack is touched. */
export function wideChange(turn: number): Files {
  return { 'stacks/shared/names.ts': `export const prefix = 'acme${turn}';\n` };
}

export const nameOf = (index: number): string => `service-${String(index).padStart(4, '0')}`;

function runbook(index: number, wait: string): string {
  const team = index % TEAMS;
  return `apiVersion: slipway/v1
kind: Runbook
metadata: { name: ${nameOf(index)}, owner: team-${team}, tier: ${(index % 3) + 1}, description: rolls service ${index} out }
inputs:
  version: { type: string, default: '1.0', pattern: '^[0-9.]+$', description: what is rolled out }
  stage: { type: string, enum: [dev, prod], default: dev }
phases:
  - id: prepare
    type: prepare
    environment: lab-${team}
    steps:
      - { id: facts, uses: ssh.run, hosts: group${index % TEAMS}, with: { cmd: 'uname -r' }, timeout: 1m }
      - { id: reach, uses: check.http, with: { url: 'http://service-${index}.example.com/health' } }
  - id: provision
    type: provision
    environment: prod-${team}
    steps:
      - { id: up, uses: pulumi.up, with: { stack: 'app-${index % STACKS}/prod' } }
      - { id: settle, uses: pause, needs: [up], with: { duration: ${wait} } }
      - { id: tell, uses: notify, needs: [settle], with: { channel: log, title: done, text: 'version \${{ inputs.version }} of service ${index} is out' } }
`;
}

function environments(team: number, hours: number): string {
  return `apiVersion: slipway/v1
kind: Environment
metadata: { name: lab-${team}, owner: team-${team} }
production: false
vars: { region: eu-${team} }
---
apiVersion: slipway/v1
kind: Environment
metadata: { name: prod-${team}, owner: team-${team} }
production: true
window: { allow: nights-${team} }
apply: { approvals: { required: 2 } }
vars: { region: eu-${team}, hours: ${hours} }
---
apiVersion: slipway/v1
kind: Calendar
metadata: { name: nights-${team} }
timeZone: UTC
windows: [{ kind: allow, schedule: '0 22 * * *', duration: 4h }]
`;
}

function inventory(): string {
  const hosts = Array.from({ length: HOSTS }, (_, index) => `  web${index}: { address: 10.0.${Math.floor(index / 200)}.${(index % 200) + 1} }`);
  const groups = Array.from({ length: TEAMS }, (_, team) => {
    const members = Array.from({ length: HOSTS / TEAMS }, (__, index) => `web${index * TEAMS + team}`);
    return `  group${team}: { hosts: [${members.join(', ')}] }`;
  });
  return `apiVersion: slipway/v1
kind: Inventory
metadata: { name: racks }
defaults: { user: deploy, zone: rack }
hosts:
${hosts.join('\n')}
groups:
${groups.join('\n')}
`;
}

function access(): string {
  return `apiVersion: slipway/v1
kind: Access
metadata: { name: access }
roles: { operator: { actions: ['runbook.read', 'run.*', 'plan.*'] } }
bindings: [{ role: operator, subjects: ['user:ada@git'], environments: ['*'] }]
`;
}

function program(index: number): string {
  return `import { part } from '../shared/part-${index % LIBRARIES}.ts';
import { size } from './settings.ts';
export async function program() {
  return { part: part(${index}), size };
}
`;
}

function library(index: number, text: string): string {
  return `import { prefix } from './names.ts';\nexport const part = (number: number) => \`\${prefix}-${index}-\${number}-${text}\`;\n`;
}

/** A real repository of git with Slipway's own policies; commits go to branches. */
export function createRepository(folder: string): { readonly commit: (branch: string, files: Files) => string; readonly git: (...args: string[]) => string } {
  mkdirSync(folder, { recursive: true });
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args], { encoding: 'utf8', maxBuffer: 2 ** 27 }).trim();
  git('init', '--quiet', '--initial-branch=main');
  cpSync(join(PACKAGE, 'policies'), join(folder, 'policies'), { recursive: true });
  return {
    git,
    commit: (branch, files) => {
      if (branch !== 'main') git('checkout', '--quiet', '-B', branch, 'main');
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
      git('add', '--all');
      git('commit', '--quiet', '-m', `change ${branch}`);
      return git('rev-parse', 'HEAD');
    },
  };
}
