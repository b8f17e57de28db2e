import { ServerConnection } from '@jupyterlab/services';

import { Connection } from '../connection';
import { FromServer } from '../protocol';

/** The server's end of every socket that was opened, newest last. */
let sockets: FakeSocket[];

class FakeSocket {
  constructor(readonly url: string) {
    sockets.push(this);
  }

  accept(): void {
    this.onopen?.();
  }

  say(message: unknown): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  break(): void {
    this.onclose?.();
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.isClosed = true;
  }

  isClosed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  sent: { id: string; type: string }[] = [];
}

const STATUS: FromServer = {
  type: 'model_status',
  model: 'm',
  state: 'ready',
  progress: null,
  message: '',
  where: '',
  needs_key: false
};
const FAILED = {
  type: 'failed',
  id: 7,
  message: 'no',
  running: false
} as const;
const STOP = { type: 'stop', notebook: 'a.ipynb' } as const;

function refused(id: string | null): FromServer {
  return { type: 'refused', id, notebook: 'a.ipynb', message: 'No.' };
}

function connect(settings: Partial<ServerConnection.ISettings> = {}) {
  const serverSettings = {
    ...ServerConnection.makeSettings(),
    wsUrl: 'ws://host/base/',
    appendToken: true,
    token: 'a b',
    WebSocket: FakeSocket as unknown as typeof WebSocket,
    ...settings
  };
  const connection = new Connection({ serverSettings });
  connection.connect();
  return connection;
}

describe('The connection', () => {
  beforeEach(() => {
    sockets = [];
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('opens the socket where the server is, with the token', () => {
    connect();
    expect(sockets[0].url).toMatch(
      /^ws:\/\/host\/base\/codeact\/ws\?page=[-\w]+&token=a%20b$/
    );
  });

  it('keeps the token out of the address where cookies do', () => {
    connect({ appendToken: false });
    expect(sockets[0].url).not.toContain('token');
  });

  it('is not opened twice', () => {
    const connection = connect();
    connection.connect();
    sockets[0].accept();
    connection.connect();
    expect(sockets).toHaveLength(1);
  });

  it('passes on what the server says, unless it is not JSON', () => {
    const connection = connect();
    const received: FromServer[] = [];
    connection.received.connect((_, message) => received.push(message));
    const warn = jest.spyOn(console, 'warn').mockImplementation();
    sockets[0].accept();
    sockets[0].onmessage!({ data: '{' });
    sockets[0].say(STATUS);
    expect(received).toEqual([STATUS]);
    expect(warn).toHaveBeenCalledTimes(1);
    warn.mockRestore();
  });

  it('says whether a request went out, which has an id of its own', () => {
    const connection = connect();
    expect(connection.request(STOP)).toBe(false);
    sockets[0].accept();
    expect(connection.request(STOP)).toBe(true);
    expect(connection.request(STOP)).toBe(true);
    const { sent } = sockets[0];
    const id = expect.any(String);
    expect(sent).toEqual([
      { ...STOP, id },
      { ...STOP, id }
    ]);
    expect(sent[0].id).not.toBe(sent[1].id);
  });

  it('tells of a refusal whoever sent the request, and nobody else', () => {
    const connection = connect();
    sockets[0].accept();
    const received = jest.fn();
    connection.received.connect((_, message) => received(message));
    const [first, second] = [jest.fn(), jest.fn()];
    connection.request(STOP, first);
    connection.request(STOP, second);
    const [, { id }] = sockets[0].sent;
    sockets[0].say(refused(id));
    expect(first).not.toHaveBeenCalled();
    expect(second).toHaveBeenCalledWith('No.');
    expect(received).not.toHaveBeenCalled();
    sockets[0].say(refused(id));
    expect(second).toHaveBeenCalledTimes(1);
  });

  it('passes on refusals that no sender wants to know of', () => {
    const connection = connect();
    sockets[0].accept();
    const received: FromServer[] = [];
    connection.received.connect((_, message) => received.push(message));
    connection.request(STOP);
    const [{ id }] = sockets[0].sent;
    const refusals = [refused(id), refused(null), refused('unknown')];
    refusals.forEach(each => sockets[0].say(each));
    expect(received).toEqual(refusals);
  });

  it('neither sends a request again nor awaits its refusal once it is lost', () => {
    const connection = connect();
    sockets[0].accept();
    const onRefused = jest.fn();
    connection.request(STOP, onRefused);
    const [{ id }] = sockets[0].sent;
    sockets[0].break();
    jest.advanceTimersByTime(500);
    sockets[1].accept();
    expect(sockets[1].sent).toEqual([]);
    sockets[1].say(refused(id));
    expect(onRefused).not.toHaveBeenCalled();
  });

  it('reconnects by itself, each time after a longer wait', () => {
    const connection = connect();
    const waits = [];
    for (let i = 0; i < 9; i++) {
      sockets[i].break();
      let wait = 0;
      while (sockets.length === i + 1) {
        jest.advanceTimersByTime(50);
        wait += 50;
      }
      waits.push(wait);
    }
    expect(waits[0]).toBeLessThanOrEqual(500);
    expect(waits[4]).toBeGreaterThan(waits[0]);
    expect(Math.max(...waits)).toBeLessThanOrEqual(30_000);
    expect(connection.failures).toBe(9);
    sockets[9].accept();
    sockets[9].say(STATUS);
    expect(connection.failures).toBe(0);
  });

  it('does not hammer a server that accepts and closes at once', () => {
    const connection = connect();
    sockets[0].accept();
    sockets[0].break();
    jest.advanceTimersByTime(500);
    sockets[1].accept();
    sockets[1].break();
    expect(connection.failures).toBe(2);
  });

  it('keeps the answers to commands, and sends them after the notebooks were opened again', () => {
    const connection = connect();
    connection.stateChanged.connect((_, state) => {
      if (state === 'open') {
        connection.request({
          type: 'open',
          notebook: 'a.ipynb',
          kernel_id: null,
          approval: null
        });
      }
    });
    sockets[0].accept();
    sockets[0].break();
    connection.answer(FAILED);
    connection.request(STOP);
    jest.advanceTimersByTime(500);
    sockets[1].accept();
    expect(sockets[1].sent.map(({ type }) => type)).toEqual(['open', 'failed']);
  });

  it('stays closed once disposed', () => {
    const connection = connect();
    sockets[0].accept();
    connection.dispose();
    expect(sockets[0].isClosed).toBe(true);
    jest.advanceTimersByTime(60_000);
    connection.connect();
    expect(sockets).toHaveLength(1);
  });
});
