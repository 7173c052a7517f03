defmodule PhxproofTarget.UserSocket do
  @moduledoc """
  The socket of the target contract: anonymous without a token, the signed name with one,
  refused with any other.
  """
  use Phoenix.Socket

  channel "lab:*", PhxproofTarget.LabChannel
  channel "presence:*", PhxproofTarget.PresenceChannel
  channel "videos:*", PhxproofTarget.VideoChannel

  @salt "user socket"
  @max_age 14 * 24 * 60 * 60

  @doc "A token that lets its bearer in under `name`, as if it had been signed `age` seconds ago."
  def sign(endpoint, name, age) do
    Phoenix.Token.sign(endpoint, @salt, name, signed_at: System.system_time(:millisecond) / 1000 - age)
  end

  @doc "The socket id of everybody who came in under `name`."
  def topic(name), do: "users_socket:" <> name

  @impl true
  def connect(%{"token" => token}, socket, _info) do
    case Phoenix.Token.verify(socket, @salt, token, max_age: @max_age) do
      {:ok, name} -> {:ok, assign(socket, user: name, signed?: true)}
      {:error, _reason} -> :error
    end
  end

  def connect(_params, socket, _info), do: {:ok, assign(socket, user: "anon", signed?: false)}

  @impl true
  def id(%{assigns: %{signed?: true, user: name}}), do: topic(name)
  def id(_socket), do: nil
end
