import { z } from 'zod';

const ServerName = z.string().regex(/^[A-Za-z0-9_.:-]{1,120}$/, { error: 'not the name of a server or backend; use letters, digits and _ . : -' });
const Servers = z.array(ServerName).min(1).max(500);
export const Socket = z
  .string()
  // Narrow on purpose: commas and quotes have a meaning to socat.
  .regex(/^\/[A-Za-z0-9._/-]+$/, { error: 'not the absolute path of a socket' })
  .default('/run/haproxy/admin.sock')
  .meta({ description: 'runtime API socket of HAProxy on the host' });
const Shell = (description: string) => z.string().min(1).meta({ description, slipwayShell: true });

/** Share of requests or of copies, as a whole percentage. */
export const Share = z.int().min(0).max(100);

/** HAProxy's runtime API on the step's hosts: the weights of the servers of one backend. */
export const HaproxyWeights = z
  .strictObject({
    type: z.literal('haproxy'),
    backend: ServerName,
    baseline: Servers.meta({ description: 'servers of the old side' }),
    candidate: Servers.meta({ description: 'servers of the new side' }),
    socket: Socket,
  })
  .refine(({ baseline, candidate }) => new Set([...baseline, ...candidate]).size === baseline.length + candidate.length, {
    error: 'a server is listed twice; each belongs to one side only',
  });
export type HaproxyWeights = z.output<typeof HaproxyWeights>;

/** HAProxy's runtime API on the step's hosts: one entry of a map that the mirror filter of its configuration reads. */
export const HaproxyMap = z.strictObject({
  type: z.literal('haproxy'),
  map: z
    .string()
    .regex(/^\/[A-Za-z0-9._/-]+$/, { error: 'not the absolute path of a map file' })
    .meta({ description: 'map file named in the configuration of HAProxy' }),
  key: ServerName.default('mirror'),
  socket: Socket,
});
export type HaproxyMap = z.output<typeof HaproxyMap>;

/** Two commands on the step's hosts. `set` finds the share in $SLIPWAY_WEIGHT; `get` prints the share that is in force. */
export const CommandDriver = z.strictObject({
  type: z.literal('command'),
  set: Shell('shell text; the wanted share, 0 to 100, is in $SLIPWAY_WEIGHT'),
  get: Shell('shell text that prints the share in force, 0 to 100; the step fails when it is not the wanted one'),
});
export type CommandDriver = z.output<typeof CommandDriver>;
