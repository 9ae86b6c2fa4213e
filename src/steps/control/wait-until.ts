import { z } from 'zod';
import { defineStep } from '../kind.ts';
import { isTimeZone, nextTimeOfDay } from './time-of-day.ts';

const Shape = z
  .strictObject({
    time: z.iso.datetime({ offset: true, error: 'not a time; write for example 2026-11-28T02:00:00+01:00' }).optional(),
    timeOfDay: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'not a time of day; write for example 02:00' })
      .optional()
      .meta({ description: 'the next 02:00 on the clocks of timeZone' }),
    timeZone: z
      .string()
      .refine(isTimeZone, { error: 'not a time zone; write for example Europe/Paris' })
      .optional()
      .meta({ description: 'IANA time zone of timeOfDay; UTC when absent' }),
  })
  .refine((input) => (input.time === undefined) !== (input.timeOfDay === undefined), { error: 'write either time or timeOfDay' })
  .refine((input) => input.timeZone === undefined || input.timeOfDay !== undefined, { error: 'timeZone belongs to timeOfDay; time has its own offset' });

/** Wait until a moment. A moment in the past ends the step at once. */
export const waitUntil = defineStep({
  uses: 'wait.until',
  summary: 'wait until a moment or a time of day',
  with: Shape,
  outputs: z.strictObject({}),
  example: { timeOfDay: '02:00', timeZone: 'Europe/Paris' },
  mutates: false,
  describe: ({ time, timeOfDay, timeZone }) => `wait until ${time ?? `${timeOfDay ?? ''} ${timeZone ?? 'UTC'}`}`,
  target: 'control',
  wait: ({ time, timeOfDay, timeZone }, now) => ({
    type: 'timer',
    until: time === undefined ? nextTimeOfDay(timeOfDay ?? '00:00', timeZone ?? 'UTC', now) : Date.parse(time),
  }),
});
