defmodule PhxproofTarget.VideoChannel do
  @moduledoc "`videos:ID`, annotations that everybody on the video sees and can catch up on."
  use Phoenix.Channel
  alias PhxproofTarget.Store

  @impl true
  def join("videos:" <> id, params, socket) do
    video = String.to_integer(id)
    if ms = params["ping_ms"], do: :timer.send_interval(ms, :ping)
    missed = Store.after_id(video, params["last_seen_id"] || 0)
    {:ok, %{annotations: missed}, assign(socket, video: video, pings: 0)}
  end

  @impl true
  def handle_in("new_annotation", params, socket) do
    case validate(params) do
      {:ok, body, at} ->
        annotation = Store.add(socket.assigns.video, socket.assigns.user, body, at)
        broadcast!(socket, "new_annotation", annotation)
        {:reply, {:ok, %{}}, socket}

      {:error, errors} ->
        {:reply, {:error, %{errors: errors}}, socket}
    end
  end

  @impl true
  def handle_info(:ping, socket) do
    n = socket.assigns.pings + 1
    push(socket, "ping", %{count: n})
    {:noreply, assign(socket, :pings, n)}
  end

  defp validate(%{"body" => body, "at" => at})
       when is_binary(body) and body != "" and is_integer(at) and at >= 0,
       do: {:ok, body, at}

  defp validate(params) do
    body = params["body"]
    at = params["at"]

    errors =
      [
        body: {is_binary(body) and body != "", "can't be blank"},
        at: {is_integer(at) and at >= 0, "must be an integer of at least 0"}
      ]

    {:error, for({field, {false, message}} <- errors, into: %{}, do: {field, [message]})}
  end
end
