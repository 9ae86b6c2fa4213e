import { messageOf, type Secret, SlipwayError } from '../../core/index.ts';
import type { Attempted, Note } from '../../steps/index.ts';
import { mailText } from './forms.ts';

/** Which server sends mail, and in whose name. */
export interface MailServer {
  /** `smtps://user:password@host:465`. */
  readonly server: Secret;
  readonly from: string;
}
const TIMEOUT_MS = 20_000;

/** Hand one mail to the server. The package that does it is loaded when there is something to send. */
export async function sendMail({ server, from }: MailServer, to: readonly string[], note: Note): Promise<Attempted> {
  const { createTransport } = await nodemailer();
  const transport = createTransport(transportOf(new URL(server.reveal())), { from });
  try {
    await transport.sendMail({
      to: [...to],
      subject: note.title.replaceAll(/\s+/g, ' '),
      text: mailText(note),
      date: new Date(note.at),
      // The same for every attempt: a mail that was taken although the answer was lost is a repetition, and shows as one.
      messageId: `<${note.id}@slipway>`,
      headers: { 'Auto-Submitted': 'auto-generated', ...(note.runId === undefined ? {} : { 'X-Slipway-Run': note.runId }) },
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    return { ok: true };
  } catch (cause) {
    return failed(cause);
  } finally {
    transport.close();
  }
}

/** Beyond this machine nothing goes over the wire that is not encrypted. */
function transportOf({ protocol, hostname, port, username, password }: URL) {
  const secure = protocol === 'smtps:';
  const isHere = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
  const auth = username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } };
  return {
    ...{ host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? (secure ? 465 : 587) : Number(port), secure, requireTLS: !secure && !isHere },
    ...auth,
    ...{ connectionTimeout: TIMEOUT_MS, greetingTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS },
  };
}

/** Codes of SMTP in the five hundreds are for ever; what else goes wrong may pass. */
function failed(cause: unknown): Attempted {
  const status = cause instanceof Error && 'responseCode' in cause && typeof cause.responseCode === 'number' ? cause.responseCode : undefined;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'MAIL';
  const isFinal = code === 'EAUTH' || (status !== undefined && status >= 500);
  return {
    ok: false,
    code,
    message: status === undefined ? `the mail server cannot be reached (${code})` : `the mail server answered ${status}`,
    isFinal,
    ...(status === undefined ? {} : { status }),
  };
}

async function nodemailer() {
  try {
    return await import('nodemailer');
  } catch (cause) {
    throw new SlipwayError('MAIL_MISSING', `mail cannot be sent: ${messageOf(cause)}`, { cause, hint: 'npm install nodemailer' });
  }
}
