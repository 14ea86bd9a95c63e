import { useMay, useOperation } from '../api/call.ts';
import { kindsOf, useServed } from '../api/contract.ts';
import { useCredentials } from '../api/credential.ts';
import { useMembers } from '../api/member.ts';
import { useLink } from '../api/place.ts';
import type { Thing } from '../api/pages.ts';
import { useSession } from '../api/session.ts';
import { sentenceOf } from '../format/word.ts';
import { askFor } from '../operation/ask.ts';
import { LinkButton } from '../part/button.tsx';
import { Icon } from '../part/icon.tsx';
import { Section } from '../part/page.tsx';

type Step = {
  readonly title: string;
  readonly text: string;
  readonly done: boolean | undefined;
  readonly to: string;
  readonly verb: string;
};

/** What a newcomer does first, each step ticked by what the platform knows. It goes once all are done. */
export function FirstSteps() {
  const steps = useSteps();
  const known = steps.filter((step) => step.done !== undefined);
  if (known.length === 0 || known.every((step) => step.done)) return null;
  return (
    <Section title="First steps" text={`${known.filter((step) => step.done).length} of ${known.length} done`} flush>
      <ol className="first">
        {known.map((step, index) => (
          <li key={step.title} className={step.done ? 'first-done' : undefined}>
            <span className="first-mark">{step.done ? <Icon name="check" size={13} /> : index + 1}</span>
            <h3>
              {step.title}
              {step.done && <span className="unseen"> (done)</span>}
            </h3>
            <p>{step.text}</p>
            {!step.done && (
              <LinkButton size="small" to={step.to}>
                {step.verb}
              </LinkButton>
            )}
          </li>
        ))}
      </ol>
    </Section>
  );
}

function useSteps(): Step[] {
  const link = useLink();
  const may = useMay('platform');
  const members = useMembers();
  const { person } = useSession();
  const credentials = useCredentials();
  const services = Object.values(useServed().value?.services ?? {}).filter(({ name }) => name !== 'platform');
  const first = services.flatMap(kindsOf).find((kind) => kind.create && kind.list);
  const made = useOperation<{ items: readonly Thing[] }>(first?.contract.name ?? '', first?.list?.name, '', { limit: 10 }).value?.items;
  const steps: Step[] = [];
  if (may('CreateCredential')) {
    const own = credentials?.filter((each) => each.spec.principal !== 'admin' && each.spec.revokedAt === undefined);
    steps.push({
      title: 'Make a credential',
      text: 'Give your first program its keys, with the lines for the client it uses.',
      done: own && own.length > 0,
      verb: 'Create a credential',
      to: link('platform', 'credentials'),
    });
  }
  if (first?.create) {
    const to = link(first.contract.name, first.plural);
    steps.push({
      title: sentenceOf(first.create.name),
      text: `${first.resource.text}`,
      done: made && made.length > 0,
      verb: sentenceOf(first.create.name),
      to: to + askFor(first.contract.name, first.create.name),
    });
    steps.push({
      title: 'Point a client at it',
      text: 'Copy the lines for aws, boto3, rclone or another that you have, and go.',
      done: made?.some((thing) => Number(thing.status?.objects ?? 0) > 0),
      verb: 'Show the lines',
      to: link(first.contract.name),
    });
  }
  if (may('InviteMember'))
    steps.push({
      title: 'Invite a colleague',
      text: 'People sign in here; their role says what they may do.',
      done: members?.some((member) => member.spec.email !== person.email),
      verb: 'Invite',
      to: link('platform', 'members'),
    });
  return steps;
}
