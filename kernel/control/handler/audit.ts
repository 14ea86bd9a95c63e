import { join } from 'node:path';
import { parseCheckpoint, verifierText } from '#wire/tlog/note.ts';
import { parseTilePath, tilePath } from '#wire/tlog/tile.ts';
import { assertLogName } from '../../audit/log-name.ts';
import { originOf, rootLog } from '../../audit/leaf.ts';
import { verifiersOf } from '../../audit/public-key.ts';
import { indexHash, leaseIndexKey } from '../../audit/seal.ts';
import { readLogFile } from '../../audit/tile-file.ts';
import { prove } from '../../audit/prove.ts';
import type { Call, Handlers } from '../../contract/call.ts';
import { fault } from '../../contract/fault.ts';
import { formatId } from '../../tenancy/id.ts';
import { type Context, isOperator, own, type Row } from '../context.ts';
import { auditReaderOf } from '../audit-reader.ts';
import { usageSpanMs } from '../limits.ts';
import type { platform } from '../service.ts';

type Mine = Pick<
  Handlers<typeof platform>,
  'ListAudit' | 'ExportAudit' | 'GetAuditLog' | 'EraseAuditSubject' | 'ReadAuditLog' | 'ProveAudit'
>;

const date = (value: number) => new Date(value);

/** The audit log: what was recorded, as rows and as OCSF events, the files of the Merkle log, and proofs out of it. */
export function auditHandlers(context: Context): Mine {
  const reader = auditReaderOf(context);

  /** A caller sees its tenant's log, and of the root log what proves that log; an operator sees all. */
  function directoryOf(call: Call, log: string, isEntries: boolean): string {
    assertLogName(log);
    const isOwn = log === formatId(call.caller.tenant) || (log === rootLog && !isEntries);
    if (!isOwn && !isOperator(context, call)) throw fault('NotFound', `There is no audit log called ${log} here.`);
    return join(context.data, 'audit', log);
  }

  return {
    async ListAudit(call) {
      const { from = 0, to = context.now() + usageSpanMs, before, limit = 100, operation = null, service = null, resource } = call.input;
      const hash = async (text: string) => indexHash(await leaseIndexKey(context.keeper, call.caller.tenant), text);
      const { rows } = await own(context, call as never).query(
        `select * from platform.audit_record where at >= $1 and at < $2 and ($3::bigint is null or sequence < $3) and
         ($4::text is null or operation = $4)
         and ($5::text is null or service = $5) and ($6::bytea is null or name_hash = $6) order by sequence desc limit $7`,
        [
          date(from),
          date(to),
          before === undefined ? null : BigInt(before),
          operation,
          service,
          resource === undefined ? null : await hash(resource),
          limit + 1,
        ],
      );
      const items = await Promise.all((rows as Row[]).slice(0, limit).map((row) => reader.row(call.caller.tenant, row)));
      return { output: { items, ...(rows.length > limit ? { next: items.at(-1)?.sequence } : {}) } };
    },
    async ExportAudit(call) {
      const { after = 0, limit = 100 } = call.input;
      const { rows } = await own(context, call as never).query(
        'select sequence, entry from platform.audit_record where sequence > $1 order by sequence limit $2',
        [BigInt(after), limit],
      );
      const items = await Promise.all(
        (rows as { sequence: bigint; entry: Buffer }[]).map(async ({ sequence, entry }) => ({
          sequence: Number(sequence),
          event: (await reader.event(call.caller.tenant, entry)) ?? null,
        })),
      );
      return { output: { items, ...(rows.length === limit ? { next: items.at(-1)?.sequence } : {}) } };
    },
    async EraseAuditSubject(call) {
      await reader.erase(call.caller.tenant, call.input.principal);
      return { output: {} };
    },
    async GetAuditLog(call) {
      const log = formatId(call.caller.tenant);
      const directory = join(context.data, 'audit', log);
      const checkpoint = readLogFile(directory, { kind: 'checkpoint' })?.toString() ?? '';
      const verifiers = verifiersOf(await context.keeper.notaryKeys(), originOf(context.deployment, log)).map(verifierText);
      return { output: { log, size: parseCheckpoint(checkpoint)?.size ?? 0, checkpoint, verifiers } };
    },
    async ReadAuditLog(call) {
      const name = parseTilePath(call.input.path);
      if (!name) throw fault('NotFound', 'That is no file of a log.');
      const directory = directoryOf(call as never, call.ref.name, name.kind === 'entries');
      const bytes = readLogFile(directory, name);
      if (!bytes) throw fault('NotFound', `There is no ${tilePath(name)} in this log yet.`);
      return { output: { path: tilePath(name) }, body: once(bytes) };
    },
    async ProveAudit(call) {
      const name = call.ref.name;
      directoryOf(call as never, name, true);
      return { output: prove(join(context.data, 'audit'), name, call.input) };
    },
  };
}

async function* once(bytes: Uint8Array) {
  yield bytes;
}
