import { z } from 'zod';

/** A file on a host. */
export const FilePath = z
  .string()
  .regex(/^(?:\/|[A-Za-z]:[\\/])/, { error: 'not an absolute path' })
  .regex(/[^/\\]$/, { error: 'name the file, not its folder' })
  .refine((path) => !path.includes('\0'), { error: 'a path holds no NUL' });
export const FileMode = z
  .string()
  .regex(/^0?[0-7]{3,4}$/, { error: 'not a mode; write it in quotes, for example "0640"' })
  .meta({ description: 'permissions in octal; those the file has, or 0644, when absent' });
/** Name of a user or group; never an option. */
export const AccountName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, { error: 'not a user or group name' });
export const Backup = z.boolean().default(false).meta({ description: 'keep the file that is replaced beside it' });

/** Stands for the path of the draft in the arguments of `validate`. */
export const DRAFT = '{file}';
export const Validate = z
  .array(z.string().min(1))
  .min(1)
  .max(50)
  .refine((args) => args.some((arg) => arg.includes(DRAFT)), { error: `one argument has to be ${DRAFT}, the path of the draft` })
  .meta({ description: `program and arguments that judge the draft before it replaces the file, for example [visudo, -cf, "${DRAFT}"]; no shell` });

/** Settings that every kind has that puts a file in place. */
export const fileSettings = {
  dest: FilePath,
  mode: FileMode.optional(),
  owner: AccountName.optional(),
  group: AccountName.optional(),
  backup: Backup,
  validate: Validate.optional(),
};
