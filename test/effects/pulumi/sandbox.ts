import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json, Secret } from '../../../src/core/index.ts';
import { createPulumi, type PulumiOptions } from '../../../src/effects/pulumi/index.ts';
import { type RehearsalCloud, startRehearsalCloud } from '../../../src/rehearsal/cloud/index.ts';
import type { PulumiPort, StackControl, StackTarget } from '../../../src/steps/index.ts';

/** A checkout with one small stack program, a rehearsed cloud, and the real Pulumi between them; all in a temporary folder. */
export interface Sandbox extends Disposable {
  readonly dir: string;
  readonly cloud: RehearsalCloud;
  readonly pulumi: PulumiPort;
  readonly lines: string[];
  readonly options: PulumiOptions;
  target(config?: { readonly [key: string]: Json | Secret }): StackTarget;
  control(signal?: AbortSignal): StackControl;
  write(program: string): void;
}

// Compiled code of the SDKs is shared by all sandboxes of a machine; it only saves time.
const cacheDir = join(tmpdir(), 'slipway-test-compiled');

export function sandbox(program: string, more: Partial<PulumiOptions> = {}): Sandbox {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-pulumi-'));
  const cloud = startRehearsalCloud({ dir: join(dir, 'world'), node: process.execPath, now: Date.now, cacheDir });
  const options: PulumiOptions = {
    stateDir: join(dir, 'state'),
    env: process.env,
    node: process.execPath,
    now: Date.now,
    pulumiHome: join(dir, 'home'),
    pluginPath: [cloud.pluginPath],
    extraEnv: cloud.env,
    graceMs: 3_000,
    ...more,
  };
  const lines: string[] = [];
  const write = (text: string) => {
    mkdirSync(join(dir, 'checkout', 'stacks', 'demo'), { recursive: true });
    writeFileSync(join(dir, 'checkout', 'stacks', 'demo', 'index.ts'), text);
  };
  write(program);
  return {
    dir,
    cloud,
    lines,
    options,
    pulumi: createPulumi(options),
    target: (config = {}) => ({ program: 'demo', name: 'test', checkout: join(dir, 'checkout'), config, runId: 'run-20260101-0000000000' }),
    control: (signal = new AbortController().signal) => ({ signal, onProgress: (line) => void lines.push(line) }),
    write,
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** One bucket and a role that knows its name. */
export const TWO_RESOURCES = `
  import { Bucket } from '@pulumi/aws/s3/bucket.js';
  import { Role } from '@pulumi/aws/iam/role.js';
  export async function program() {
    const bucket = new Bucket('data', { tags: { owner: 'team-a' } });
    const role = new Role('reader', { assumeRolePolicy: '{}', description: bucket.bucket });
    return { bucketName: bucket.bucket, roleArn: role.arn };
  }
`;

/** Paths of all files below a folder whose bytes contain the text. */
export function filesWith(dir: string, text: string): readonly string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(text));
}

/** Wait until something is so; fails after `timeoutMs`. */
export async function until(is: () => boolean, what: string, timeoutMs = 20_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!is()) {
    if (Date.now() > end) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
