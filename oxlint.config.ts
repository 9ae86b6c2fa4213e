import { defineConfig } from 'oxlint';

/** Which modules of src/ each module may import (ARCHITECTURE.md has the same table with the reasons). */
const mayImport: Record<string, readonly string[]> = {
  core: [],
  expr: ['core'],
  config: ['core'],
  repo: ['core'],
  githost: ['core', 'repo'],
  codeowners: ['core'],
  analysis: ['core'],
  steps: ['core', 'analysis', 'expr'],
  runbook: ['core', 'expr', 'steps'],
  inventory: ['core', 'runbook', 'steps'],
  plan: ['core', 'expr', 'steps', 'runbook', 'inventory'],
  policy: ['core', 'plan'],
  journal: ['core'],
  store: ['core', 'journal'],
  access: ['core', 'policy', 'runbook'],
  engine: ['core', 'expr', 'steps', 'runbook', 'plan', 'journal'],
  telemetry: ['core', 'engine'],
  effects: ['core', 'config', 'steps'],
  rehearsal: ['core', 'config', 'steps', 'effects'],
  report: ['core', 'expr', 'steps', 'runbook', 'plan', 'policy', 'engine', 'journal', 'analysis'],
  app: [
    'core',
    'expr',
    'config',
    'repo',
    'steps',
    'runbook',
    'inventory',
    'plan',
    'policy',
    'journal',
    'store',
    'engine',
    'report',
    'analysis',
    'access',
    'githost',
    'codeowners',
    'telemetry',
  ],
  server: ['core', 'runbook', 'app', 'report', 'access', 'store', 'githost'],
  remote: ['core', 'journal', 'plan', 'runbook', 'app'],
  cli: ['core', 'app', 'report'],
};
const modules = Object.keys(mayImport);

/** The only folders that may import each SDK. */
const sdkHome: Record<string, readonly string[]> = {
  'simple-git': ['repo'],
  '@open-policy-agent/*': ['policy'],
  yaml: ['runbook'],
  '@pulumi/**': ['effects/pulumi', 'rehearsal/cloud'],
  ssh2: ['effects/ssh', 'rehearsal/hosts'],
  'tar-stream': ['steps/ssh/archive', 'rehearsal/hosts'],
  yauzl: ['steps/ssh/archive'],
  'xz-decompress': ['steps/ssh/archive'],
  '@aws-sdk/*': ['effects/metrics'],
  '@azure/*': ['effects/metrics'],
  'node:sqlite': ['journal'],
  '@temporalio/*': ['engine/temporal'],
  '@opentelemetry/*': ['telemetry'],
  'prom-client': ['telemetry'],
  pg: ['journal/postgres'],
  '@octokit/*': ['githost/github'],
  '@gitbeaker/*': ['githost/gitlab'],
  yargs: ['cli'],
  'yargs/*': ['cli'],
  hono: ['server'],
  'hono/*': ['server'],
  '@hono/*': ['server'],
  'openid-client': ['server'],
};

/** Doors of a module beside its index.ts: parts that need nothing of Node, for code that runs where there is no Node. */
const pureDoors: Record<string, readonly string[]> = { core: ['pure.ts', 'pattern.ts'], steps: ['control/index.ts', 'host.ts'] };

const upTo = (path: string) => ['../', '../../', '../../../', '../../../../'].map((up) => up + path);

function importRule(module: string, folder: string) {
  const allowed = mayImport[module] ?? [];
  const patterns = [
    ...modules
      .filter((other) => other !== module && !allowed.includes(other))
      .map((other) => ({ group: upTo(`${other}/**`), message: `${module} may import only ${allowed.join(', ') || 'nothing'}` })),
    ...allowed.map((other) => ({
      group: [...upTo(`${other}/**`), ...['index.ts', ...(pureDoors[other] ?? [])].flatMap((door) => upTo(`${other}/${door}`)).map((path) => `!${path}`)],
      message: `import ${other} through its index.ts`,
    })),
    ...Object.entries(sdkHome)
      .filter(([, homes]) => !homes.includes(folder))
      .map(([sdk, homes]) => ({ group: [sdk], message: `${sdk} may be imported only in ${homes.map((home) => `src/${home}`).join(' and ')}` })),
  ];
  return { files: [`src/${folder}/**`], rules: { 'no-restricted-imports': ['error', { patterns }] as const } };
}

const sdkFolders = [...new Set(Object.values(sdkHome).flat())].filter((home) => home.includes('/'));

export default defineConfig({
  plugins: ['typescript', 'promise', 'node', 'import'],
  options: { typeAware: true },
  rules: {
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/switch-exhaustiveness-check': 'error',
    'typescript/return-await': ['error', 'in-try-catch'],
    'typescript/no-explicit-any': 'error',
    'preserve-caught-error': 'error',
    'no-console': 'error',
    'import/no-cycle': 'error',
    'import/no-default-export': 'error',
    'max-lines': ['error', { max: 250, skipBlankLines: true, skipComments: true }],
    'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true }],
    'max-params': ['error', { max: 4 }],
  },
  ignorePatterns: ['dist', 'node_modules', '.slipway', 'test/fixtures'],
  overrides: [
    { files: ['oxlint.config.ts'], rules: { 'import/no-default-export': 'off' } },
    { files: ['test/**', 'bench/**', 'tools/**'], rules: { 'max-lines-per-function': 'off', 'no-console': 'off' } },
    {
      files: ['test/**'],
      rules: {
        // The runner awaits its own tests; everything else in a test file is checked as in src.
        'typescript/no-floating-promises': [
          'error',
          { allowForKnownSafeCalls: [{ from: 'package', package: 'node:test', name: ['test', 'describe', 'it', 'suite'] }] },
        ],
      },
    },
    {
      // Most events say nothing to a span, a metric or people, and a new one need not.
      files: ['src/telemetry/**', 'src/report/operate/**'],
      rules: { 'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }] },
    },
    ...modules.map((module) => importRule(module, module)),
    ...sdkFolders.map((folder) => importRule(folder.split('/')[0] ?? folder, folder)),
  ],
});
