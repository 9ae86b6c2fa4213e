import { z } from 'zod';
import { SlipwayError } from '../../../core/index.ts';
import { referencesOf } from '../../../expr/index.ts';
import { Secretable } from '../../fields.ts';
import { defineStep } from '../../kind.ts';
import { readCheckoutFile } from '../checkout-file.ts';
import { checkOf } from '../copy-check.ts';
import { textOf } from '../diff.ts';
import { factsOf } from '../facts/index.ts';
import { fileSettings } from '../file-fields.ts';
import { type Look, previewHosts } from '../preview.ts';
import { compareFile, probeFile, putFile, type Wanted } from '../put-file.ts';
import type { Block, TemplateProblem } from './ast.ts';
import { checkBlocks } from './check.ts';
import { parseBlocks } from './parse.ts';
import { renderBlocks } from './render.ts';
import { scopeOf } from './scope.ts';

const MOST_TEMPLATE_BYTES = 1 << 20;

const Template = z.strictObject({
  src: z.string().min(1).meta({ description: 'template of the repository, relative to its top folder' }),
  vars: z
    .record(z.string().regex(/^[a-zA-Z][a-zA-Z0-9]*$/, { error: 'not a name; use letters and digits' }), z.union([Secretable, z.json()]))
    .default({})
    .meta({ description: 'values that the template reads as vars.<name>' }),
  ...fileSettings,
});
type Template = z.output<typeof Template>;
interface Read {
  readonly blocks: readonly Block[];
  readonly needsFacts: boolean;
}

/** Put a file on hosts that is made from a template. Fails with `TEMPLATE`, `SSH_FILE`, `SSH_VALIDATE`, `CHECKOUT_FILE`, or the codes of SSH. */
export const sshTemplate = defineStep({
  uses: 'ssh.template',
  summary: 'put a file made from a template of the repository on hosts',
  with: Template,
  outputs: z.strictObject({ digest: z.string(), backup: z.string().nullable() }),
  example: { src: 'runbooks/files/erp/erp.conf.tpl', dest: '/etc/erp/erp.conf', mode: '0640', vars: { workers: 4 }, validate: ['erp', 'check', '{file}'] },
  mutates: true,
  describe: ({ src, dest }) => `write ${dest} from the template ${src}`,
  target: 'hosts',
  idempotency: 'safe',
  executeHost: async (input, context) => {
    const template = await readTemplate(input, context.checkout);
    const { status, digest, backup, summary } = await putFile(await wantedOf(input, template, context), context);
    return { status, outputs: { digest, backup }, summary };
  },
  probeHost: async (input, context) => probeFile(await wantedOf(input, await readTemplate(input, context.checkout), context), context),
  preview: async (input, context) => {
    // A template that cannot be read is wrong for every host: the plan ends here.
    const template = await readTemplate(input, context.checkout);
    return previewHosts(context, async (look) => {
      if (context.approximate) return { verdict: 'unknown', detail: 'its values are known when earlier steps have run' };
      return checkOf(await compareFile(await wantedOf(input, template, look), look));
    });
  },
});

async function readTemplate({ src }: Template, checkout: string): Promise<Read> {
  const bytes = await readCheckoutFile(checkout, src);
  const text = bytes.length > MOST_TEMPLATE_BYTES ? undefined : textOf(bytes);
  if (text === undefined) throw refused(src, [{ line: 1, message: `it is no text, or larger than ${MOST_TEMPLATE_BYTES} bytes` }]);
  const { blocks, problems } = parseBlocks(text);
  if (problems.length > 0) throw refused(src, problems);
  return { blocks, needsFacts: expressionsOf(blocks).some((expression) => referencesOf(expression).names.includes('facts')) };
}

function expressionsOf(blocks: readonly Block[]): readonly string[] {
  return blocks.flatMap((block) => {
    if (block.type === 'line') return [block.text.text];
    if (block.type === 'for') return [block.list.text, ...expressionsOf(block.body)];
    return [...block.branches.flatMap(({ test, body }) => [test.text, ...expressionsOf(body)]), ...expressionsOf(block.otherwise)];
  });
}

async function wantedOf(input: Template, { blocks, needsFacts }: Read, look: Look): Promise<Wanted> {
  const { src, vars, ...rest } = input;
  const facts = needsFacts ? await factsOf(look) : undefined;
  const { scope, types, reveal } = scopeOf(vars, look.host, facts);
  const wrong = checkBlocks(blocks, types);
  if (wrong.length > 0) throw refused(src, wrong);
  const { pieces, problems } = renderBlocks(blocks, scope);
  if (problems.length > 0) throw refused(`${src} for ${look.host.name}`, problems);
  const isSecret = pieces.some((piece) => typeof piece !== 'string');
  const text = pieces.map((piece) => (typeof piece === 'string' ? piece : reveal(piece.$secret))).join('');
  return { ...rest, content: Buffer.from(text), isSecret };
}

const MOST_SHOWN = 10;
function refused(what: string, problems: readonly TemplateProblem[]): SlipwayError {
  const shown = problems.slice(0, MOST_SHOWN).map(({ line, message, hint }) => `line ${line}: ${message}${hint === undefined ? '' : ` (${hint})`}`);
  const rest = problems.length > MOST_SHOWN ? [`and ${problems.length - MOST_SHOWN} more`] : [];
  return new SlipwayError('TEMPLATE', `the template ${what} cannot be used: ${[...shown, ...rest].join('; ')}`, {
    hint: 'docs/ssh.md has the language of templates',
  });
}
