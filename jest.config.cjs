const lab = require('@jupyterlab/testing/lib/jest-config')(__dirname);

// Packages that come as ES modules only, beside those JupyterLab's own list knows.
const esModules = [
  '@codemirror',
  '@jupyter/',
  '@jupyterlab/',
  '@marijn',
  '@microsoft',
  'color',
  'exenv-es6',
  'lib0',
  'marked',
  'nanoid',
  'vscode-ws-jsonrpc',
  'y-protocols',
  'y-websocket',
  'yjs'
].join('|');

module.exports = {
  ...lab,
  automock: false,
  reporters: ['default'],
  roots: ['<rootDir>/src'],
  testRegex: '__tests__/.*\\.spec\\.tsx?$',
  transformIgnorePatterns: [`/node_modules/(?!${esModules}).+`]
};
