import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Json, SlipwayError } from '../../core/index.ts';

/** What stacks/<name>/index.ts exports as `program`: it declares resources and returns the outputs of the stack. */
export type StackProgram = () => Promise<Record<string, unknown>>;

/**
 * Load the program of a stack from the checkout.
 *
 * @throws {SlipwayError} `PULUMI_NO_PROGRAM` when the file or its `program` is missing; what the file itself throws passes through.
 */
export async function loadProgram(checkout: string, project: string): Promise<StackProgram> {
  const file = ['index.ts', 'index.js'].map((name) => join(checkout, 'stacks', project, name)).find((path) => existsSync(path));
  if (file === undefined) {
    throw new SlipwayError('PULUMI_NO_PROGRAM', `stacks/${project}/index.ts does not exist`, {
      hint: 'name a folder under stacks/ before the slash of "stack"',
    });
  }
  shareModules();
  const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>; // a module is an object
  const program = module['program'];
  if (typeof program !== 'function') {
    throw new SlipwayError('PULUMI_NO_PROGRAM', `stacks/${project}/index.ts exports no function "program"`, {
      hint: 'export async function program() { … return { outputs }; }',
    });
  }
  return program as StackProgram; // what it returns is checked by Pulumi
}

/**
 * Let the checkout use the packages that are installed with Slipway: a worktree has no node_modules of its own, and two
 * copies of @pulumi/pulumi in one process do not see each other's resources.
 */
function shareModules(): void {
  registerHooks({
    resolve: (specifier, context, next) => {
      const isBare = /^(@[^/]+\/)?[a-z]/i.test(specifier) && !specifier.includes(':');
      if (!isBare) return next(specifier, context);
      const ours = () => next(specifier, { ...context, parentURL: import.meta.url });
      if (specifier === '@pulumi/pulumi' || specifier.startsWith('@pulumi/pulumi/')) return ours();
      try {
        return next(specifier, context);
      } catch (cause) {
        if (cause instanceof Error && 'code' in cause && /MODULE_NOT_FOUND/.test(String(cause.code))) return ours();
        throw cause;
      }
    },
  });
}

/** Config as a program sees it: text, or JSON text of anything else. */
export function configText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
