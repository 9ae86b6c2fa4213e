import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deploymentOf, member, parseJson } from './deployment.ts';
import type { Deployment } from './protocol.ts';

/** What a folder that is a backend tells about a stack without asking the Pulumi command. */
export type Told = { readonly known: true; readonly deployment: Deployment | undefined } | { readonly known: false };

const UNKNOWN: Told = { known: false };

/**
 * Read the state of a stack from a `file://` backend: starting the command only to read a file would cost more than
 * everything else we add to an operation. Pulumi replaces the file as a whole, so what is read is whole.
 *
 * @returns not known for any other backend, and for any layout but the current one, uncompressed.
 */
export function readStateFile(backendUrl: string, { project, stack }: { readonly project: string; readonly stack: string }): Told {
  const root = folderOf(backendUrl);
  if (root === undefined) return UNKNOWN;
  if (!existsSync(join(root, '.pulumi'))) return { known: true, deployment: undefined };
  // Version 1 keeps stacks by project; before it, and without this file, stacks had other places.
  const meta = join(root, '.pulumi', 'meta.yaml');
  if (!existsSync(meta) || !/^version: 1\s*$/m.test(readFileSync(meta, 'utf8'))) return UNKNOWN;
  const file = join(root, '.pulumi', 'stacks', project, `${stack}.json`);
  if (existsSync(`${file}.gz`)) return UNKNOWN;
  if (!existsSync(file)) return { known: true, deployment: undefined };
  const content = parseJson(readFileSync(file, 'utf8'));
  return member(content, 'version') === 3 ? { known: true, deployment: deploymentOf(member(member(content, 'checkpoint'), 'latest')) } : UNKNOWN;
}

function folderOf(backendUrl: string): string | undefined {
  // `file://~` and parameters are the command's to understand.
  return backendUrl.startsWith('file:///') && !backendUrl.includes('?') ? fileURLToPath(backendUrl) : undefined;
}
