import type { AnyService } from '#kernel/contract/contract.ts';
import { useMay } from '../api/call.ts';
import { kindsOf, type Named } from '../api/contract.ts';
import { sentenceOf, titleOf } from '../format/word.ts';
import { useAsk } from '../operation/ask.ts';
import { LinkButton } from '../part/button.tsx';
import { Section } from '../part/page.tsx';
import type { ServicePages } from '../service-page.ts';
import { ServiceHead } from './service-head.tsx';
import './service-api.css';

/** Every operation of a service with its address; a press runs it. */
export function ServiceApi({ contract }: { contract: AnyService; pages: ServicePages }) {
  const may = useMay(contract.name);
  const ask = useAsk();
  return (
    <div className="page">
      <ServiceHead
        contract={contract}
        actions={
          <LinkButton icon="book" to={`/docs/${contract.name}`}>
            Reference
          </LinkButton>
        }
      />
      {kindsOf(contract).map((kind) => {
        const all = [kind.create, kind.get, kind.list, kind.update, kind.remove, kind.watch, ...kind.others].filter(
          (each): each is Named => each !== undefined,
        );
        return all.length === 0 ? null : (
          <Section key={kind.name} title={titleOf(kind.name)} text={kind.resource.text} flush>
            <ul className="operations">
              {all.map((each) => (
                <li key={each.name}>
                  <span className={`method method-${each.route.method.toLowerCase()}`}>{each.route.method}</span>
                  <span className="operation-name">
                    {each.route.body === 'watch' || !may(each.name) ? (
                      sentenceOf(each.name)
                    ) : (
                      <button type="button" className="cell-button" onClick={() => ask(contract.name, each.name)}>
                        {sentenceOf(each.name)}
                      </button>
                    )}
                  </span>
                  <span className="dim">{each.operation.text}</span>
                  <code className="operation-path cut" title={each.route.path}>
                    {each.route.path}
                  </code>
                </li>
              ))}
            </ul>
          </Section>
        );
      })}
    </div>
  );
}
