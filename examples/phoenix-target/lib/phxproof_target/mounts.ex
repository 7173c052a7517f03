defmodule PhxproofTarget.Mounts do
  @moduledoc """
  Mounts the socket four times, and the two HTTP helpers, in an endpoint:

      use PhxproofTarget.Mounts

  `/fast_socket` is the same socket with short timeouts, so that expiry is seen in seconds,
  `/strict_socket` the same with one allowed origin, and `/compressed_socket` the same with
  `compress: true`, which long poll does not have. An application that has its own
  socket at `/socket` says where this one goes instead:

      use PhxproofTarget.Mounts, at: "/proof_socket"
  """

  defmacro __using__(opts) do
    quote bind_quoted: [at: Keyword.get(opts, :at, "/socket")] do
      socket at, PhxproofTarget.UserSocket,
        websocket: [check_origin: false],
        longpoll: [check_origin: false]

      socket "/fast_socket", PhxproofTarget.UserSocket,
        websocket: [check_origin: false, timeout: 2_000],
        longpoll: [check_origin: false, window_ms: 1_000, pubsub_timeout_ms: 1_000]

      socket "/strict_socket", PhxproofTarget.UserSocket,
        websocket: [check_origin: ["//allowed.example"]],
        longpoll: false

      socket "/compressed_socket", PhxproofTarget.UserSocket,
        websocket: [check_origin: false, compress: true],
        longpoll: false

      plug PhxproofTarget.Helpers
    end
  end
end
