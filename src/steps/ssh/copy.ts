import { z } from 'zod';
import { Secret } from '../../core/index.ts';
import { Secretable } from '../fields.ts';
import { defineStep } from '../kind.ts';
import { readCheckoutFile } from './checkout-file.ts';
import { checkOf } from './copy-check.ts';
import { fileSettings } from './file-fields.ts';
import { previewHosts } from './preview.ts';
import { compareFile, probeFile, putFile, type Wanted } from './put-file.ts';

const Copy = z
  .strictObject({
    src: z.string().min(1).optional().meta({ description: 'file of the repository, relative to its top folder' }),
    content: Secretable.optional().meta({ description: 'the text itself, instead of src', slipwaySecret: true }),
    ...fileSettings,
  })
  .refine(({ src, content }) => (src === undefined) !== (content === undefined), { error: 'give either src or content', path: ['src'] });
type Copy = z.output<typeof Copy>;

/** Put a file on hosts. Nothing happens where it is already there. Fails with `SSH_FILE`, `SSH_VALIDATE`, `CHECKOUT_FILE`, or the codes of SSH. */
export const sshCopy = defineStep({
  uses: 'ssh.copy',
  summary: 'put a file of the repository, or a text, on hosts',
  with: Copy,
  outputs: z.strictObject({ digest: z.string(), backup: z.string().nullable() }),
  example: { src: 'runbooks/files/erp/erp.conf', dest: '/etc/erp/erp.conf', mode: '0640' },
  mutates: true,
  describe: ({ src, dest }) => `copy ${src ?? 'a text'} to ${dest}`,
  target: 'hosts',
  idempotency: 'safe',
  executeHost: async (input, context) => {
    const { status, digest, backup, summary } = await putFile(await wantedOf(input, context.checkout), context);
    return { status, outputs: { digest, backup }, summary };
  },
  probeHost: async (input, context) => probeFile(await wantedOf(input, context.checkout), context),
  preview: (input, context) => previewHosts(context, async (look) => checkOf(await compareFile(await wantedOf(input, context.checkout), look))),
});

async function wantedOf({ src, content, ...rest }: Copy, checkout: string): Promise<Wanted> {
  const bytes = src === undefined ? textBytes(content ?? '') : await readCheckoutFile(checkout, src);
  return { ...rest, content: bytes, isSecret: content instanceof Secret };
}

function textBytes(content: string | Secret): Buffer {
  return Buffer.from(content instanceof Secret ? content.reveal() : content);
}
