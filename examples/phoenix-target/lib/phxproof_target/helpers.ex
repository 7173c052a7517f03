defmodule PhxproofTarget.Helpers do
  @moduledoc """
  The two HTTP helpers beside the socket; every other request passes.

    * `GET /token/NAME` answers a signed token for that name
    * `POST /disconnect/NAME` disconnects every socket of that name

  Whoever reaches them can be anybody and disconnect everybody: never mount them where
  strangers come.
  """
  @behaviour Plug
  import Plug.Conn

  @impl true
  def init(opts), do: opts

  @impl true
  def call(%{method: "GET", path_info: ["token", name]} = conn, _opts) do
    token = PhxproofTarget.UserSocket.sign(endpoint(conn), name)
    conn |> send_resp(200, token) |> halt()
  end

  def call(%{method: "POST", path_info: ["disconnect", name]} = conn, _opts) do
    endpoint(conn).broadcast(PhxproofTarget.UserSocket.topic(name), "disconnect", %{})
    conn |> send_resp(204, "") |> halt()
  end

  def call(conn, _opts), do: conn

  defp endpoint(conn), do: conn.private.phoenix_endpoint
end
