import { z } from 'zod';
import { defineStep } from '../kind.ts';
import type { StackChange, StackPreview } from '../ports.ts';
import { operate, probe, targetOf } from './operate.ts';
import { StackOutputs, StackWords } from './shape.ts';

const Resource = z.strictObject({
  type: z.string().regex(/^[a-z][a-z0-9-]*:[\w./-]+:\w+$/, { error: 'not a type token; write for example aws:s3/bucket:Bucket' }),
  name: z.string().min(1).meta({ description: 'name in the program of the stack' }),
  id: z.string().min(1).meta({ description: 'id in the cloud' }),
});

/** Take resources that exist under the control of a stack; nothing in the cloud changes, and what is imported already is left. */
export const pulumiImport = defineStep({
  uses: 'pulumi.import',
  summary: 'take existing resources into a stack',
  with: z.strictObject({ ...StackWords, resources: z.array(Resource).min(1) }),
  outputs: StackOutputs,
  example: { stack: 'aws-analytics/prod', resources: [{ type: 'aws:s3/bucket:Bucket', name: 'data', id: 'erp-data-2019' }] },
  mutates: true,
  describe: ({ stack, resources }) => `import ${resources.length === 1 ? '1 resource' : `${resources.length} resources`} into ${stack}`,
  target: 'stack',
  idempotency: 'probe',
  execute: (input, context) => operate(input, context, (target, control) => context.ports.pulumi.import(target, input.resources, control)),
  probe,
  preview: async (input, { ports, checkout, signal }) => {
    const { digest } = await ports.pulumi.state(targetOf(input, { checkout, runId: 'plan', path: 'import' }), { signal });
    return { type: 'stack', stack: input.stack, operation: 'import', stateDigest: digest, preview: importPreview(input) };
  },
});

function importPreview({ stack, resources }: { readonly stack: string; readonly resources: readonly z.output<typeof Resource>[] }): StackPreview {
  const [program = '', name = ''] = stack.split('/');
  const changes = resources.map((resource): StackChange => {
    const urn = `urn:pulumi:${name}::${program}::${resource.type}::${resource.name}`;
    return { op: 'import', type: resource.type, name: resource.name, urn, properties: [], facts: {} };
  });
  return { changes, counts: { import: changes.length }, warnings: [], approximate: false };
}
