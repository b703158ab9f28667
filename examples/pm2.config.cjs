module.exports = {
  apps: [
    {
      name: 'veritape-laptop',
      script: 'dist/commands/main.js',
      args: 'execute --paper --config laptop.json',
      stop_exit_codes: [0, 64, 65, 78],
      kill_timeout: 20_000,
      restart_delay: 5000,
      max_restarts: 4,
    },
  ],
}
