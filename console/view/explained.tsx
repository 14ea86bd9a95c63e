import type { Explained } from '../api/policy.ts';
import { CodeBlock } from '../part/code.tsx';
import { Facts } from '../part/page.tsx';
import { Status, Tag } from '../part/status.tsx';

const sources: Readonly<Record<string, string>> = {
  guard: 'guard-rail of the platform',
  roles: 'role',
  own: 'policy of the organization',
};

/** A decision: yes or no, by which policies, from which facts. */
export function ExplainedView({ answer }: { answer: Explained }) {
  return (
    <div className="stack">
      <div className={`verdict verdict-${answer.allowed ? 'ok' : 'bad'}`}>
        <Status tone={answer.allowed ? 'ok' : 'bad'}>{answer.allowed ? 'Allowed' : 'Refused'}</Status>
        <span>{because(answer)}</span>
      </div>
      {answer.reasons.length > 0 && (
        <ul className="reasons">
          {answer.reasons.map(({ from, policy, text }) => (
            <li key={`${from} ${policy}`}>
              <p>
                <Tag>{sources[from] ?? from}</Tag> <span className="mono">{policy.replace(/^(policy|guard|role)\./, '')}</span>
              </p>
              {text && <CodeBlock label={policy} text={text} />}
            </li>
          ))}
        </ul>
      )}
      {answer.errors.map(({ policy, message }) => (
        <p key={policy + message}>
          <Status tone="warn">{policy} could not be decided and counts for nothing</Status> <span className="dim">{message}</span>
        </p>
      ))}
      <h3>Facts</h3>
      <Facts
        facts={[
          ['Roles here', answer.roles.length === 0 ? 'none' : answer.roles.join(', ')],
          ['Principal', <FactCode key="p" text={answer.facts.principal} />],
          ['Action', <FactCode key="a" text={answer.facts.action} />],
          ['Resource', <FactCode key="r" text={answer.facts.resource} />],
        ]}
      />
      <CodeBlock
        label="Context and attributes"
        text={JSON.stringify({ context: answer.facts.context, resource: answer.facts.attributes }, null, 2)}
      />
      {!answer.attributesKnown && (
        <p className="dim">
          The attributes of this resource are kept by its service, which knows them when it decides. Here a condition on them is decided as
          if they were absent.
        </p>
      )}
    </div>
  );
}

const FactCode = ({ text }: { text: string }) => <span className="mono">{text}</span>;

function because({ allowed, reasons }: Explained): string {
  if (reasons.length === 0) return 'No role and no policy permits it, and what nothing permits is refused.';
  const last = reasons.length === 1 ? 'this' : `these ${reasons.length}`;
  return allowed ? `Permitted by ${last}, and nothing forbids it.` : `Forbidden by ${last}; a prohibition always wins.`;
}
