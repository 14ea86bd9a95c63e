import type { Call, Handlers } from '../../contract/call.ts';
import { fault } from '../../contract/fault.ts';
import { builtInRoles } from '../../contract/contract.ts';
import { formatId } from '../../tenancy/id.ts';
import { change, type Context, enveloped, found, nameOrId, own, paged, type Row } from '../context.ts';
import { emailOf, endSessionsOf, makeTicket, personOf } from '../person.ts';
import type { platform } from '../service.ts';
import { assertMayGive, isCustomRole } from './credential.ts';

type All = Handlers<typeof platform>;
type Mine = Pick<All, 'InviteMember' | 'ListMembers' | 'UpdateMember' | 'DeleteMember'>;

function assertRole(context: Context, call: Call, role: string): void {
  if (isCustomRole(context, call, role)) return assertMayGive(context, call, role);
  if (!(builtInRoles as readonly string[]).includes(role))
    throw fault('BadInput', { path: '/role', detail: `A member has one of the roles ${builtInRoles.join(', ')}.` });
}

/** People of an organization. Their addresses are opened for those who may list them. */
export function memberHandlers(context: Context): Mine {
  const memberOf = async (row: Row) =>
    enveloped(row, formatId(row.id as bigint), {
      email: await emailOf(context, row.person as bigint),
      role: String(row.role),
      invited: row.accepted_at === null,
      person: formatId(row.person as bigint),
    });
  const locate = async (call: Call) =>
    found(
      (await own(context, call).query('select * from platform.member where id = $1', [nameOrId(call.ref.name).id])).rows,
      `member ${call.ref.name}`,
    );
  /** An organization keeps an owner, and only an owner makes or unmakes one. */
  async function assertOwners(call: Call, row: Row | undefined, role: string | undefined): Promise<void> {
    if (row?.role !== 'owner' && role !== 'owner') return;
    const { rows } = await own(context, call).query(`select 1 from platform.binding where principal = $1 and role = 'owner'`, [
      call.caller.principal,
    ]);
    const { rows: operator } = await context.system
      .platform()
      .query(`select 1 from platform.binding where tenant = 0 and principal = $1 and role = 'operator'`, [call.caller.principal]);
    if (rows.length === 0 && operator.length === 0) throw fault('Denied', 'Only an owner gives or takes the role of owner.');
    if (row?.role !== 'owner' || role === 'owner') return;
    const others = await own(context, call).query(
      `select count(*) as count from platform.binding where role = 'owner' and principal <> $1`,
      [formatId(row.person as bigint)],
    );
    if (Number((others.rows[0] as Row).count) === 0) throw fault('Conflict', 'An organization keeps at least one owner.');
  }
  return {
    async InviteMember(call) {
      const { tenant } = call.caller;
      assertRole(context, call as Call, call.input.role);
      await assertOwners(call as Call, undefined, call.input.role);
      const person = await personOf(context, call.input.email);
      const id = context.ids.next();
      const made = await own(context, call as Call).query(
        `insert into platform.member (tenant, id, person, role) values ($1, $2, $3, $4) on conflict (tenant, person) do
         nothing returning *`,
        [tenant, id, person, call.input.role],
      );
      if (made.rows.length === 0) throw fault('Conflict', 'This person is a member or invited already.');
      const token = await makeTicket(context, 'invitation', person, { tenant, id });
      const title = context.snapshot.get('tenant', formatId(tenant))?.title ?? 'an organization';
      await context.mail.send({
        to: call.input.email,
        subject: `Invitation to ${title.replaceAll(/[\r\n]/g, ' ')} on Gamut`,
        text: [
          `You are invited to ${title} as ${call.input.role}.`,
          '',
          'Accept within seven days:',
          `${context.consoleUrl()}/invitation?token=${token}`,
          '',
        ].join('\n'),
      });
      call.emit('MemberInvited', { member: formatId(id) });
      return { output: await memberOf(made.rows[0] as Row) };
    },
    async ListMembers(call) {
      const { after = '', limit = 100 } = call.input;
      const { rows } = await own(context, call as Call).query('select * from platform.member where id > $1 order by id limit $2', [
        after === '' ? 0n : nameOrId(after).id,
        limit + 1,
      ]);
      return { output: paged(await Promise.all((rows as Row[]).map(memberOf)), limit) };
    },
    async UpdateMember(call) {
      const { role } = call.input;
      assertRole(context, call as Call, role);
      const row = await locate(call as Call);
      await assertOwners(call as Call, row, role);
      const principal = formatId(row.person as bigint);
      await change(context, call.caller, async (tx, note) => {
        await tx.query('update platform.member set role = $2, version = version + 1 where id = $1', [row.id, role]);
        if (row.accepted_at === null) return;
        await tx.query('delete from platform.binding where principal = $1 and scope = 0', [principal]);
        await tx.query('insert into platform.binding (tenant, principal, role) values ($1, $2, $3)', [call.caller.tenant, principal, role]);
        await note(call.caller.tenant, 'principal', [formatId(call.caller.tenant), principal]);
      });
      return { output: await memberOf(await locate(call as Call)) };
    },
    async DeleteMember(call) {
      const row = await locate(call as Call);
      await assertOwners(call as Call, row, undefined);
      const principal = formatId(row.person as bigint);
      await change(context, call.caller, async (tx, note) => {
        await tx.query('delete from platform.member where id = $1', [row.id]);
        await tx.query('delete from platform.binding where principal = $1', [principal]);
        await note(call.caller.tenant, 'principal', [formatId(call.caller.tenant), principal]);
        await endSessionsOf(tx, note, row.person as bigint);
      });
      return { output: {} };
    },
  };
}
