import type { Explained } from '#console/api/policy.ts';
import { Facts } from '#console/part/page.tsx';
import { Status, Tag } from '#console/part/status.tsx';
import { ExplainedView } from '#console/view/explained.tsx';

/** How a request would be decided. */
export type Answer = {
  readonly allowed: boolean;
  readonly because: string;
  readonly action: string;
  readonly resource: string;
  readonly policy: 'allow' | 'deny' | 'none' | 'absent';
  readonly statements: readonly {
    readonly number: number;
    readonly sid?: string;
    readonly effect: 'Allow' | 'Deny';
    readonly applies: boolean;
    readonly fails: readonly string[];
    readonly conditions: readonly string[];
  }[];
};

const reasons: Readonly<Record<string, string>> = {
  identity: "The caller's own roles or policies allow it, and nothing here denies it.",
  policy: "The bucket's policy allows it.",
  grant: 'A grant of the bucket or of the object allows it.',
  mending: 'The policy denies it, but its own account may always read and mend the policy.',
  listing: 'There is no object of this key; who may list is told so.',
  'requester-pays': 'Of this bucket the requester pays, and the request does not say so.',
  'identity-silent': "The caller's own account does not allow it.",
  'identity-forbids': "A policy of the caller's organization forbids it, which nothing here can undo.",
  'policy-denies': "The bucket's policy denies it.",
  absent: 'There is no object of this key, and who may not list is not told so.',
  nothing: 'Nothing allows it: no role, no statement and no grant.',
};

/** The answer, by which statement, and what the caller's own policies say. */
export function AccessAnswer({ answer, own }: { answer: Answer; own: Explained | undefined }) {
  const { allowed, because, action, resource, statements } = answer;
  return (
    <div className="stack" role="region" aria-label="Answer">
      <div className={`verdict verdict-${allowed ? 'ok' : 'bad'}`}>
        <Status tone={allowed ? 'ok' : 'bad'}>{allowed ? 'Allowed' : 'Refused'}</Status>
        <span>{reasons[because] ?? because}</span>
      </div>
      {statements.length > 0 && (
        <ul className="statements">
          {statements.map((each) => (
            <li key={each.number} data-applies={each.applies || undefined}>
              <span className="row wrap">
                <Tag tone={each.effect === 'Allow' ? 'ok' : 'bad'}>{each.effect}</Tag>
                <span>
                  statement {each.number}
                  {each.sid && <span className="mono"> {each.sid}</span>}
                </span>
              </span>
              <span className="dim">{each.applies ? 'applies' : `does not apply: ${misfit(each)}`}</span>
            </li>
          ))}
        </ul>
      )}
      <Facts
        facts={[
          ['Action', <code key="a">{action}</code>],
          ['Resource', <code key="r">{resource}</code>],
        ]}
      />
      {own && (
        <>
          <h3>The caller's own roles and policies</h3>
          <ExplainedView answer={own} />
        </>
      )}
    </div>
  );
}

function misfit({ fails, conditions }: Answer['statements'][number]): string {
  const parts = fails.map((part) => (part === 'condition' ? `condition on ${conditions.join(', ')}` : `other ${part}`));
  return parts.join('; ');
}
