defmodule PhxproofTarget.Helpers do
  @moduledoc """
  The two HTTP helpers beside the socket; every other request passes.

    * `GET /token/NAME` answers a signed token for that name; with `?age=SECONDS` one that was
      signed so long ago, and says so in the header `x-token-age`
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
    case conn |> fetch_query_params() |> age() do
      :error -> conn |> send_resp(400, "age is a number of seconds, 0 or more") |> halt()
      nil -> conn |> send_resp(200, token(conn, name, 0)) |> halt()
      age -> conn |> put_resp_header("x-token-age", "#{age}") |> send_resp(200, token(conn, name, age)) |> halt()
    end
  end

  def call(%{method: "POST", path_info: ["disconnect", name]} = conn, _opts) do
    endpoint(conn).broadcast(PhxproofTarget.UserSocket.topic(name), "disconnect", %{})
    conn |> send_resp(204, "") |> halt()
  end

  def call(conn, _opts), do: conn

  defp token(conn, name, age), do: PhxproofTarget.UserSocket.sign(endpoint(conn), name, age)

  defp age(%{query_params: %{"age" => text}}) when is_binary(text) do
    case Integer.parse(text) do
      {seconds, ""} when seconds >= 0 -> seconds
      _ -> :error
    end
  end

  defp age(%{query_params: %{"age" => _not_text}}), do: :error
  defp age(_conn), do: nil

  defp endpoint(conn), do: conn.private.phoenix_endpoint
end
