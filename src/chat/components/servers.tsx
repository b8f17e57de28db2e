import * as React from 'react';

import { ServerProposal, ServerState } from '../../protocol';
import { usePanel } from './context';

/** The MCP servers of the notebook: those that runs use, and those that a file asks for. */
export function Servers(): React.JSX.Element | null {
  const { model, trans } = usePanel();
  const { hiddenServers, servers: list } = model.state;
  if (!list) {
    return null;
  }
  const { problems, proposal, servers } = list;
  const isTroubled = servers.some(({ problem }) => problem);
  return (
    <>
      {proposal && proposal.digest !== hiddenServers && (
        <Proposal proposal={proposal} />
      )}
      {servers.length + problems.length > 0 && (
        <details className="jp-CodeAct-servers" open={isTroubled || undefined}>
          <summary>
            {trans._n('%1 MCP server', '%1 MCP servers', servers.length)}
          </summary>
          <ul>
            {servers.map(server => (
              <Server key={server.name} server={server} />
            ))}
          </ul>
          {problems.map(problem => (
            <div key={problem} className="jp-CodeAct-serverProblem">
              {problem}
            </div>
          ))}
        </details>
      )}
    </>
  );
}

function Server({ server }: { server: ServerState }): React.JSX.Element {
  const { trans } = usePanel();
  const { destructive, module, name, origin, problem, tools, what } = server;
  const asked = destructive.length;
  const origins = {
    configuration: trans.__('from the configuration'),
    settings: trans.__('from the settings'),
    file: trans.__('from .mcp.json')
  };
  return (
    <li>
      <span className="jp-CodeAct-serverName">{module || name}</span>
      <span className="jp-CodeAct-rowDetail">
        {origins[origin]}
        {tools.length > 0
          ? `, ${trans._n('%1 function', '%1 functions', tools.length)}`
          : !problem && `, ${trans.__('starts with the next run')}`}
        {asked > 0 && `, ${trans.__('%1 that you are asked about', asked)}`}
      </span>
      <code title={what}>{what}</code>
      {problem && <div className="jp-CodeAct-serverProblem">{problem}</div>}
    </li>
  );
}

/** What would be started, for the user to confirm. */
function Proposal(props: { proposal: ServerProposal }): React.JSX.Element {
  const { model, trans } = usePanel();
  const { digest, file, servers } = props.proposal;
  return (
    <section
      className="jp-CodeAct-notice jp-mod-note jp-CodeAct-proposal"
      aria-label={trans.__('MCP servers to confirm')}
    >
      <div>
        {trans.__(
          '%1 beside this notebook names MCP servers. With them, CodeAct would start or reach:',
          file
        )}
      </div>
      <ul>
        {Object.entries(servers).map(([name, what]) => (
          <li key={name}>
            <span className="jp-CodeAct-serverName">{name}</span>
            <code>{what}</code>
          </li>
        ))}
      </ul>
      <div className="jp-CodeAct-buttons">
        <button
          type="button"
          className="jp-Button jp-mod-styled jp-mod-accept"
          onClick={() => model.actions?.confirmServers(digest)}
        >
          {trans.__('Use Them')}
        </button>
        <button
          type="button"
          className="jp-Button jp-mod-styled jp-mod-reject"
          onClick={() => model.actions?.hideServers(digest)}
        >
          {trans.__('Not Now')}
        </button>
      </div>
    </section>
  );
}
