import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type BundleOptions, bundleWorkflowCode } from '@temporalio/worker';
import { isObject, randomText } from '../../core/index.ts';

const SRC = join(import.meta.dirname, '..', '..');
/** Everything a run inside its workflow is made of lies in these folders. */
const FOLDERS = ['core', 'expr', 'engine', 'steps'];

/**
 * The code of the workflow as one file, made once per version of it: making it takes seconds, and a worker that was restarted should not need them.
 *
 * @returns absolute path of the file.
 */
export async function workflowBundle(cacheDir: string): Promise<string> {
  const folder = join(cacheDir, 'workflows');
  const file = join(folder, `${fingerprint()}.js`);
  if (existsSync(file)) return file;
  const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
  const at = (name: string): string => join(import.meta.dirname, 'workflow', `${name}.${extension}`);
  const { code } = await bundleWorkflowCode({ workflowsPath: at('index'), preloadModules: [at('shared')], webpackConfigHook: forOurNode, logger: QUIET });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomText(8)}`;
  writeFileSync(draft, code);
  renameSync(draft, file);
  return file;
}

/**
 * What is imported only when it is needed is in the same file, and runs when it is asked for. And the code is kept as it is written: the SDK would have it put into
 * the words of 2017, in which every `{ ...state }` is a loop over descriptors.
 */
function forOurNode(config: WebpackConfig): WebpackConfig {
  const javascript = { ...config.module?.parser?.['javascript'], dynamicImportMode: 'eager' } as const;
  const rules = config.module?.rules?.map((rule) => asWritten(rule));
  return { ...config, module: { ...config.module, parser: { ...config.module?.parser, javascript }, ...(rules ? { rules } : {}) } };
}
type Rule = NonNullable<NonNullable<WebpackConfig['module']>['rules']>[number];

function asWritten(rule: Rule): Rule {
  if (typeof rule !== 'object' || rule === null || typeof rule.use !== 'object' || !('options' in rule.use) || !isObject(rule.use.options)) return rule;
  const { use } = rule;
  const { jsc, ...others } = rule.use.options;
  return isObject(jsc) ? { ...rule, use: { ...use, options: { ...others, jsc: { ...jsc, target: 'es2022' } } } } : rule;
}

type WebpackConfig = Parameters<NonNullable<BundleOptions['webpackConfigHook']>>[0];

function fingerprint(): string {
  const hash = createHash('sha256');
  for (const folder of FOLDERS) {
    for (const name of readdirSync(join(SRC, folder), { recursive: true, encoding: 'utf8' }).toSorted())
      if (/\.[jt]s$/.test(name)) hash.update(`${folder}/${name}\n`).update(readFileSync(join(SRC, folder, name)));
  }
  const require = createRequire(import.meta.url);
  for (const name of ['@temporalio/workflow/package.json', 'zod/package.json']) hash.update(readFileSync(require.resolve(name)));
  return hash.digest('hex').slice(0, 32);
}

const nothing = (): void => undefined;
/** What webpack says of a bundle that can be made is nothing to anybody. */
const QUIET = { log: nothing, trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };
